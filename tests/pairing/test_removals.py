from itertools import product

import pytest

from medcutmix_cli.pairing.removals import Removal, departure
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import Side
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

SHOWN = [
    "Low lung volumes",
    "Elevated right hemidiaphragm",
    "Tortuous aorta",
    "Hypoinflation",
    "Bronchovascular crowding",
]
LEAVING = {
    "atelectasis": "basilar atelectasis",
    "pleural_effusion": "a small left effusion",
    "opacity": "streaky basilar opacities",
    "pneumonia": "left lower lobe pneumonia",
}


def departed(text, finding, impression=()):
    return departure(ReportReader().read(make_report(text, impression=impression)), finding)


def left_of(text, finding):
    """Return what is left of each sentence that changes, "" for one that leaves, or the refusal."""
    found = departed(text, finding)
    return (
        [change.left.text if change.left else "" for change in found.changes]
        if isinstance(found, Removal)
        else found
    )


@pytest.mark.parametrize(("shown", "finding"), list(product(SHOWN, LEAVING)))
@pytest.mark.parametrize("template", ["{} with {}.", "{} and {}.", "{}, with {}.", "{}, {}."])
def test_what_the_picture_still_shows_is_kept(template, shown, finding):
    assert left_of(template.format(shown, LEAVING[finding]), finding) == [f"{shown}."]


@pytest.mark.parametrize("finding", LEAVING)
def test_a_sentence_of_normal_words_leaves_whole(finding):
    assert left_of(f"There is {LEAVING[finding]} seen on this portable view.", finding) == [""]


@pytest.mark.parametrize(
    "text",
    [
        "Bibasilar atelectasis causing low lung volumes.",
        "Atelectasis because of an elevated right hemidiaphragm.",
    ],
)
def test_a_sentence_that_cannot_be_cut_cleanly_is_not_removed_whole(text):
    assert left_of(text, "atelectasis") == Refusal("recipient-sentence-has-other-findings")


@pytest.mark.parametrize("size", ["mild", "moderate", "patchy", "minimal bibasilar", "small left"])
def test_no_adjective_is_left_without_its_noun(size):
    found = left_of(f"Cardiomegaly with {size}, right greater than left atelectasis.", "atelectasis")
    assert isinstance(found, Refusal) or not found[0].rstrip(".").endswith(size.split()[-1])


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Small right effusion. Large left effusion.", Side.BILATERAL),
        ("Small right effusion. Bilateral effusions.", Side.BILATERAL),
        ("Small right effusion. Effusion.", Side.RIGHT),
        ("Small effusion.", Side.NONE),
    ],
)
def test_the_side_of_what_leaves_is_that_of_all_its_sentences(text, side):
    found = departed(text, "pleural_effusion")
    assert isinstance(found, Removal)
    assert found.side is side


def test_the_side_may_be_said_by_another_name_of_the_shadow():
    found = departed("Basilar opacity.", "opacity", ("Left lower lobe pneumonia.",))
    assert isinstance(found, Removal)
    assert found.side is Side.LEFT


def test_the_map_is_asked_for_a_sentence_that_tells_no_course_where_there_is_one():
    found = departed("The left effusion is unchanged. Small left effusion.", "pleural_effusion")
    assert isinstance(found, Removal)
    assert found.query.text == "Small left effusion."


def test_the_sign_of_what_leaves_is_cut_out_of_another_findings_sentence():
    text = "Left basilar consolidation and blunted costophrenic angle. Small left effusion."
    assert left_of(text, "pleural_effusion") == ["Left basilar consolidation.", ""]


@pytest.mark.parametrize(
    "shown",
    ["Peribronchial cuffing suggests reactive airways disease.", "Chronic parenchymal changes."],
)
def test_a_sentence_that_shows_more_than_the_finding_is_no_other_name_of_it(shown):
    gone = departed(f"Left basilar opacity. {shown}", "opacity")
    assert isinstance(gone, Refusal) or all(change.sentence.text != shown for change in gone.changes)


@pytest.mark.parametrize("size", ["Slight ", "Marked ", ""])
def test_better_aeration_stays_when_the_effusion_leaves(size):
    text = f"{size}improvement in aeration of the left base and small left pleural effusion."
    text = text[:1].upper() + text[1:]
    gone = departed(text, "pleural_effusion")
    assert isinstance(gone, Refusal) or all(change.left is not None for change in gone.changes)


BESIDE = [
    "with associated {b}",
    "with adjacent {b}",
    "with overlying compressive {b}",
    ", with associated {b}",
]
BEFORE = [
    "Moderate right pleural effusion has increased since the prior study",
    "Interval development of a moderate right pleural effusion",
    "There is a moderate right pleural effusion",
]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("place", ["", " at the right base"])
def test_what_stands_beside_another_finding_leaves_it_and_is_asked_for_alone(before, beside, place):
    clause = beside.format(b="atelectasis" + place)
    text = f"{before}{'' if clause.startswith(',') else ' '}{clause}."
    gone = departure(ReportReader().read(f"FINDINGS: The heart is normal. {text}"), "atelectasis")
    assert isinstance(gone, Removal), gone
    assert [change.left.text for change in gone.changes if change.left] == [f"{before}."]
    assert {m.finding for m in gone.query.mentions} == {"atelectasis"}
    assert "effusion" not in gone.query.text.lower()


@pytest.mark.parametrize("injury", ["lung contusion", "a chest wall hematoma", "a foreign body", "a bullet"])
@pytest.mark.parametrize("finding", ["pneumothorax", "pleural effusion"])
def test_an_injury_beside_what_leaves_is_not_lost(finding, injury):
    reading = ReportReader().read(make_report(f"Small left {finding} with {injury}."))
    found = departure(reading, finding.replace(" ", "_"))
    kept = [change.left.text for change in found.changes] if isinstance(found, Removal) else [injury]
    assert any(injury.split()[-1] in text for text in kept)
