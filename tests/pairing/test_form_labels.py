"""Forms ("Lungs: Clear. Pleura: No effusion.") as their findings leave and come."""

import pytest

from medcutmix_cli.pairing.changes import cross, host, swap
from medcutmix_cli.pairing.form_labels import fits, labels_over
from medcutmix_cli.pairing.text_change import TextChange
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report
from tests.pairing.test_changes import mixed, read

COMING = {
    "pleural_effusion": ("There is a large left pleural effusion.", "Large left pleural effusion.", "Pleura"),
    "pneumothorax": ("There is a small left pneumothorax.", "Small left pneumothorax.", "Pleura"),
    "consolidation": ("There is a left lower lobe consolidation.", "Left lower lobe consolidation.", "Lungs"),
    "mass": ("There is a right upper lobe mass.", "Right upper lobe mass.", "Lungs"),
    "atelectasis": ("There is bibasilar atelectasis.", "Bibasilar atelectasis.", "Lungs"),
}
GAPS = ["\n ", " "]
CASES = [str.title, str.upper, str.lower]


def form(gap, case, **lines):
    labels = {name: case(name.replace("_", " ")) for name in lines}
    return gap.join(f"{labels[name]}: {said}" for name, said in lines.items())


def told(report, change):
    assert isinstance(change, TextChange), change
    return mixed(change, report)


def donor(finding):
    said, headline, _ = COMING[finding]
    return read(make_report(said, impression=(headline,)), 1)


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("coming", COMING)
def test_what_comes_into_a_normal_form_stands_behind_the_label_of_its_organ(coming, case, gap):
    body = form(
        gap,
        case,
        heart="Normal size.",
        lungs="Clear.",
        pleura="No effusion or pneumothorax.",
        bones="No fracture.",
    )
    report = make_report(body, impression=("No acute process.",))
    text = told(report, host(read(report), donor(coming), coming))
    said, _, label = COMING[coming]
    assert text[: text.index(said)].split(":")[-2].endswith(case(label))
    assert f"{case('heart')}: Normal size." in text
    assert f"{case('bones')}: No fracture." in text


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("coming", COMING)
def test_a_denial_that_is_cut_down_stays_behind_its_label_with_what_comes(coming, gap):
    body = form(
        gap,
        str.title,
        heart="Normal size.",
        lungs="No focal consolidation, atelectasis or mass.",
        pleura="No effusion or pneumothorax.",
    )
    report = make_report(body, impression=("No acute process.",))
    text = told(report, host(read(report), donor(coming), coming))
    said, _, label = COMING[coming]
    before, after = text.split(said, 1)
    assert before.rstrip().split(":")[-2].endswith(label), "it stands behind its own label"
    assert before.count("Lungs:") + after.count("Lungs:") == 1


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("coming", COMING)
def test_a_label_stays_with_the_rest_of_its_line_and_what_comes_goes_behind_its_own(coming, case, gap):
    body = form(
        gap,
        case,
        heart="Normal size.",
        lungs="Scarring at the left apex. Low volumes.",
        pleura="Trace right pleural effusion. No pleural thickening.",
        bones="Normal.",
    )
    report = make_report(body, impression=("Trace right pleural effusion.",))
    change = (
        swap(read(report), donor(coming), coming)
        if coming == "pleural_effusion"
        else cross(read(report), donor(coming), "pleural_effusion", coming)
    )
    text = told(report, change)
    said, _, label = COMING[coming]
    assert f"{case('bones')}: Normal." in text
    line = text[text.index(f"{case(label)}: ") :]
    following = [line.find(f"{case(name)}: ", 3) for name in ("pleura", "bones")]
    stop = min(place for place in following if place > 0)
    assert said in line[:stop], "behind the label of its organ"
    rest = text[text.index(f"{case('pleura')}: ") :]
    assert "No pleural thickening." in rest[: rest.index(f"{case('bones')}: ")]


@pytest.mark.parametrize("coming", ["consolidation", "mass"])
def test_a_label_with_nothing_behind_it_leaves(coming):
    body = "Lungs: Low volumes.\n Pleura: Trace right pleural effusion.\n Bones: Normal."
    report = make_report(body, impression=("Trace right pleural effusion.",))
    text = told(report, cross(read(report), donor(coming), "pleural_effusion", coming))
    assert "Pleura" not in text
    assert f"{COMING[coming][0]}\n Bones: Normal." in text


def test_a_label_holds_for_the_sentences_up_to_the_next():
    sentences = (
        ReportReader().read("Two views. Lungs: Low volumes. No nodule. Pleura: Clear. No effusion.").sentences
    )
    assert list(labels_over(sentences).values()) == ["", "lungs", "lungs", "pleura", "pleura"]


@pytest.mark.parametrize(
    ("label", "finding", "right"),
    [
        ("lungs", "Left consolidation.", True),
        ("lungs", "Left effusion.", False),
        ("pleura", "Left effusion.", True),
        ("lungs/pleura", "Left effusion.", True),
        ("heart", "Left mass.", False),
        ("lungs and airways", "Left mass.", True),
    ],
)
def test_a_label_fits_what_lies_in_its_organ(label, finding, right):
    (sentence,) = ReportReader().read(finding).sentences
    assert fits(label, sentence) is right


def test_a_label_does_not_stand_before_its_own_word():
    told_twice = read(
        make_report("Lungs show a right upper lobe mass.", impression=("Right upper lobe mass.",)), 1
    )
    report = make_report("Lungs: Clear.\n Heart: Normal.", impression=("No acute process.",))
    text = told(report, host(read(report), told_twice, "mass"))
    assert "FINDINGS:  Lungs show a right upper lobe mass.\n Heart: Normal." in text


@pytest.mark.parametrize("mark", [":", " -"])
@pytest.mark.parametrize("coming", ["pleural_effusion", "pneumothorax"])
@pytest.mark.parametrize(
    "pleura",
    ["No effusion, no pneumothorax.", "no effusion; no pneumothorax.", "No effusion and no pneumothorax."],
)
def test_a_label_stays_where_the_first_words_behind_it_are_cut_out(pleura, coming, mark):
    report = make_report(
        f"Heart{mark} Normal.\n Pleura{mark} {pleura}\n Bones{mark} Intact.",
        impression=("No acute process.",),
    )
    text = told(report, host(read(report), donor(coming), coming))
    line = text[text.index("Pleura") : text.index("Bones")]
    assert line.startswith(f"Pleura{mark} ")
    assert COMING[coming][0] in line
    assert f"no {'pneumothorax' if coming == 'pleural_effusion' else 'effusion'}" in line.lower()


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("coming", ["consolidation", "mass"])
def test_what_a_form_has_no_line_for_stands_before_its_first_label(coming, gap):
    body = form(gap, str.title, bones="Normal.", pleura="No effusion.", heart="Normal size.")
    report = make_report(body, impression=("No acute process.",))
    text = told(report, host(read(report), donor(coming), coming))
    assert f"FINDINGS:  {COMING[coming][0]} Bones: Normal." in text


@pytest.mark.parametrize("coming", ["consolidation", "mass", "atelectasis"])
@pytest.mark.parametrize("case", CASES)
def test_a_line_of_a_form_needs_no_full_stop(case, coming):
    body = form("\n ", case, lungs="well expanded and clear", heart="normal", pleura="no effusion")
    report = make_report(body, impression=("No acute process.",))
    text = told(report, host(read(report), donor(coming), coming))
    assert "clear" not in text
    line = text[text.index(case("lungs")) : text.index(case("heart"))]
    assert COMING[coming][0] in line
