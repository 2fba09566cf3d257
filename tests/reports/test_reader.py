import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.datasets.phantoms import draw_phantom, write_report
from medcutmix_cli.errors import UsageError
from medcutmix_cli.records import Assertion, SentenceKind, Side
from medcutmix_cli.reports.labels import finding_states
from medcutmix_cli.reports.pipeline import abbreviations
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sentences import fold
from tests.benchmarks.hard_sentences import mark

HARD = Path(__file__).resolve().parents[2] / "../shared/data/hard-sentences/hard.jsonl"
WORDS = [
    "No effusion.",
    "Left",
    "(LPE)",
    "1. ",
    "\n",
    "\r\n \r\n",
    "\t",
    " FINDINGS: ",
    "___",
    "Dr.",
    "é",
    "İ",
    "(",
    "x",
]
REPORTS = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))


@settings(max_examples=200)
@given(REPORTS, st.sampled_from(["mimic-official", "strict"]))
def test_offsets_always_slice_back(report, rules):
    reading = ReportReader(rules).read(report)
    for sentence in reading.sentences:
        assert report[sentence.start : sentence.end] == sentence.text
        assert any(s.start <= sentence.start and sentence.end <= s.end for s in reading.sections)
        for mention in sentence.mentions:
            assert sentence.start <= mention.start < mention.end <= sentence.end


def test_mentions_point_at_the_words_that_name_them():
    report = "x\n FINDINGS: There is a moderate left\n pleural effusion.\n"
    ((mention,),) = [s.mentions for s in ReportReader().read(report).sentences if s.section == "findings"]
    assert fold(report[mention.start : mention.end]) == "pleural effusion"
    assert (mention.side, mention.severity) == (Side.LEFT, "moderate")


def test_an_abbreviation_the_report_defines_is_read_as_its_long_form():
    reading = ReportReader().read("Small left pleural effusion (LPE) is seen. The LPE has a fluid level.")
    (mention,) = reading.sentences[1].mentions
    assert (mention.finding, mention.side) == ("pleural_effusion", Side.LEFT)


@pytest.mark.parametrize("behind", ["", ".", ", CHF again.", " and CHF", "; see (above)."])
def test_what_stands_behind_the_last_bracket_defines_nothing(behind):
    text = f"There is congestive heart failure (CHF){behind}"
    assert abbreviations(text) == {"CHF": "congestive heart failure"}


def test_an_abbreviation_of_another_report_is_not():
    ReportReader().read("Small left pleural effusion (LPE) is seen.")
    assert ReportReader().read("The LPE has a fluid level.").sentences[0].mentions == ()


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("There is blunting of the left costophrenic angle.", Assertion.PRESENT),
        ("Blunting of the costophrenic angle may represent an effusion.", Assertion.UNCERTAIN),
        ("Blunting of the costophrenic angle without effusion.", Assertion.ABSENT),
        ("Blunting of the costophrenic angle and pleural thickening.", Assertion.UNCERTAIN),
    ],
)
def test_a_sign_gives_way_to_what_the_sentence_says_of_it(text, assertion):
    assert finding_states(ReportReader().read(text))["pleural_effusion"] is assertion


def test_removing_a_sentence_leaves_the_others_as_they_were():
    sentences = [
        "There is a small left effusion.", "No pneumothorax.", "Seen by Dr. Smith.", "Heart size is normal.",
    ]  # fmt: skip
    whole = ReportReader().read(" ".join(sentences)).sentences
    for dropped in range(len(sentences)):
        left = ReportReader().read(" ".join(s for k, s in enumerate(sentences) if k != dropped)).sentences
        expected = [s for k, s in enumerate(whole) if k != dropped]
        assert [(s.text, s.kind, s.flags) for s in left] == [(s.text, s.kind, s.flags) for s in expected]


def test_a_reader_survives_pickling():
    reader = ReportReader("strict")
    assert pickle.loads(pickle.dumps(reader)) == reader  # noqa: S301


def test_unknown_section_rules_are_refused():
    with pytest.raises(UsageError, match="loose"):
        ReportReader("loose").read("x")


@pytest.mark.parametrize("phrasebook", ["train", "held-out"])
def test_phantom_reports_are_read_as_they_were_meant(phrasebook):
    for seed in range(150):
        report = write_report(draw_phantom(seed), phrasebook)
        reading = ReportReader().read(report.text)
        states = finding_states(reading)
        assert {(s.start, s.end) for s in report.sentences} <= {
            (s.start, s.end) for s in reading.sentences
        }, seed
        for finding, truth in report.truth.items():
            # "The costophrenic angles are sharp" denies an effusion that the phantom's author does not count.
            unsaid = truth == "not mentioned" and states.get(finding) in (None, Assertion.ABSENT)
            assert unsaid or states.get(finding) == truth, (seed, finding)


@pytest.mark.skipif(not HARD.is_file(), reason="../shared/data/hard-sentences is not here")
def test_at_most_four_of_96_hard_sentences_are_read_wrong():
    marked = mark(HARD)
    assert len(marked) == 96
    assert len([one.identifier for one in marked if one.faults]) <= 4


OTHERS = ("brother", "coworker", "family member", "father", "husband", "mother", "roommate", "wife")
SAID_OF_OTHERS = (
    "Family history of {finding}.",
    "Positive family history for {finding}.",
    "History of exposure to a patient with {finding}.",
    "{other} with {finding}.",
    "{other} was recently diagnosed with {finding}.",
    "Patient's {other} has {finding}.",
    "Sick contact with {finding}.",
    "Household contact who had {finding}.",
    "Contact with a person with {finding}.",
)
SEVERAL = ("lung cancer", "pleural effusion", "pneumonia", "pneumothorax")
CAUGHT = ("Exposure to {}.", "Exposed to {} at work.", "Recent contact with {}.", "Known {} exposure.")


@pytest.mark.parametrize("form", SAID_OF_OTHERS)
@pytest.mark.parametrize("finding", SEVERAL)
@pytest.mark.parametrize("other", OTHERS)
def test_what_somebody_else_has_is_nothing_of_the_patients(form, finding, other):
    text = form.format(finding=finding, other=other).capitalize()
    [sentence] = ReportReader().read(f"FINDINGS: {text}").sentences
    assert sentence.mentions == ()
    assert sentence.kind is not SentenceKind.DIAGNOSTIC


@pytest.mark.parametrize("form", CAUGHT)
@pytest.mark.parametrize("disease", ["bacterial pneumonia", "pneumonia", "tuberculosis"])
def test_what_may_have_been_caught_is_not_there(form, disease):
    [sentence] = ReportReader().read(f"FINDINGS: {form.format(disease)}").sentences
    assert sentence.mentions == ()
    assert "patient" in sentence.flags


OWN = {
    "Exposure to asbestos with right pleural effusion.": {"pleural_effusion"},
    "Family history of lung cancer, now with a right lung mass.": {"mass"},
    "Mass in close contact with the pleural effusion.": {"mass", "pleural_effusion"},
    "Per daughter patient has pneumonia.": {"pneumonia"},
    "Relative lucency of the left apex with pneumothorax.": {"pneumothorax"},
    "Sick contact with pneumonia and now right lower lobe consolidation.": {"consolidation"},
    "There is relative elevation of the right diaphragm with effusion.": {"pleural_effusion"},
}


@pytest.mark.parametrize("text", sorted(OWN))
def test_what_is_the_patients_own_beside_it_stays(text):
    [sentence] = ReportReader().read(f"FINDINGS: {text}").sentences
    present = {mention.finding for mention in sentence.mentions if mention.assertion is Assertion.PRESENT}
    assert present == OWN[text]


def told(text):
    """Return (finding, assertion, side) of each mention."""
    return {
        (m.finding, m.assertion.value, m.side.value)
        for s in ReportReader().read(text).sentences
        for m in s.mentions
    }


@pytest.mark.parametrize("label", ["Cardiomediastinum", "CARDIOMEDIASTINUM", "Cardiomediastinal silhouette"])
@pytest.mark.parametrize("normal", ["Normal.", "Unremarkable.", "Within normal limits."])
def test_the_heart_and_mediastinum_of_a_form_are_called_normal_in_one_word(label, normal):
    assert told(f"{label}: {normal}") == {
        ("cardiomegaly", "absent", "none"),
        ("enlarged_cardiomediastinum", "absent", "none"),
    }


HEDGES = ("probably represents atelectasis", "may represent pneumonia", "is suspicious for consolidation")


@pytest.mark.parametrize("hedge", HEDGES)
@pytest.mark.parametrize("who", ["I see", "we see", "I find", "there is"])
@pytest.mark.parametrize("denied", ["effusion", "pneumothorax"])
def test_a_statement_of_the_speaker_ends_a_doubt_before_it(hedge, who, denied):
    finding = "pleural_effusion" if denied == "effusion" else denied
    said = told(f"Streaky opacity at the left base {hedge} and {who} no {denied}.")
    assert (finding, "absent", "none") in said
    assert all(assertion == "uncertain" for f, assertion, _ in said if f not in (finding, "opacity"))


PAIRS = [
    ("pneumothorax", "pleural effusion"),
    ("consolidation", "effusion"),
    ("atelectasis", "pleural effusion"),
]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("degree", ["small", "moderate", "mild to moderate"])
@pytest.mark.parametrize("place", ["on the {side}", "on the {side} side", "at the {side} base"])
def test_a_side_behind_two_joined_findings_is_that_of_both(pair, side, degree, place):
    said = told(f"There is {pair[0]} and {pair[1]}, {degree} {place.format(side=side)}.")
    assert {s for *_, s in said} == {side}
    assert len(said) == 2


AMOUNTS = (
    "Trace fluid",
    "A small amount of fluid",
    "Minimal residual fluid",
    "There is a little fluid",
    "A small volume of fluid",
)
SPOTS = {
    "on the left": "left",
    "at the right base": "right",
    "in the left costophrenic angle": "left",
}


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("spot", SPOTS)
def test_fluid_at_a_place_of_the_pleura_is_an_effusion(amount, spot):
    assert told(f"{amount} {spot}.") == {("pleural_effusion", "present", SPOTS[spot])}
    assert told(f"No pneumothorax; {amount.lower()} {spot}.") >= {
        ("pleural_effusion", "present", SPOTS[spot])
    }


@pytest.mark.parametrize(
    "text",
    ["Small air fluid level in the stomach.", "Fluid in the stomach.", "Fluid filled bowel on the left."],
)
def test_fluid_elsewhere_is_none(text):
    assert not any(f == "pleural_effusion" for f, *_ in told(text))


@pytest.mark.parametrize("device", ["chest tube", "central line", "left pigtail catheter", "PICC"])
@pytest.mark.parametrize("when", ["after", "following", "status post"])
def test_a_device_of_which_the_removal_is_told_is_not_there(device, when):
    said = told(f"Small left pneumothorax {when} {device} removal.")
    assert ("pneumothorax", "present", "left") in said
    assert {a for f, a, _ in said if f == "support_devices"} == {"resolved"}


@pytest.mark.parametrize("vein", ["IJ", "internal jugular", "subclavian", "femoral"])
@pytest.mark.parametrize(
    ("side", "short"), [("left", "L"), ("right", "R"), ("left", "Left"), ("right", "Right")]
)
def test_the_tip_in_a_vein_is_that_of_a_line(vein, side, short):
    assert told(f"{short} {vein} tip in the SVC.") == {("support_devices", "present", side)}


@pytest.mark.parametrize("label", ["Lines/tubes", "Tubes/lines", "Lines and tubes", "LINES/TUBES"])
def test_a_form_without_devices_has_none(label):
    assert told(f"{label}: None.") == {("support_devices", "absent", "none")}


@pytest.mark.parametrize(
    "text",
    [
        "The lungs are congested.",
        "Congested lungs.",
        "Lungs mildly congested.",
        "Heart enlarged, lungs congested.",
    ],
)
def test_congested_lungs_are_congestion(text):
    assert ("vascular_congestion", "present") in {(f, a) for f, a, _ in told(text)}


@pytest.mark.parametrize("air", ["hyperinflated", "hyperexpanded", "well inflated", "hypoinflated"])
@pytest.mark.parametrize(("lungs", "side"), [("The lungs are", "bilateral"), ("The right lung is", "right")])
@pytest.mark.parametrize("clear", ["but clear", "but grossly clear", ", but clear"])
def test_lungs_of_any_size_may_be_clear(lungs, side, air, clear):
    assert ("opacity", "absent", side) in told(f"{lungs} {air} {clear}.")


@pytest.mark.parametrize(
    "air", ["Well expanded and clear.", "Well-inflated and clear.", "Low volumes but clear.", "Clear."]
)
@pytest.mark.parametrize("mark", [":", " -"])
def test_the_lungs_of_a_form_are_clear_whatever_their_size(air, mark):
    assert ("opacity", "absent", "bilateral") in told(f"Lungs{mark} {air}")


LABELLED = {
    "Heart - normal.": "cardiomegaly",
    "Mediastinum - normal.": "enlarged_cardiomediastinum",
    "Pleura – clear.": "pneumothorax",
}


@pytest.mark.parametrize("text", LABELLED)
def test_a_dash_behind_an_organ_is_a_label_as_a_colon_is(text):
    assert (LABELLED[text], "absent") in {(f, a) for f, a, _ in told(text)}


@pytest.mark.parametrize("device", ["chest tube", "ETT", "left PICC"])
@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ("pulled back", "present"),
        ("withdrawn by 2 cm", "present"),
        ("pulled back slightly", "present"),
        ("pulled", "resolved"),
        ("withdrawn", "resolved"),
    ],
)
def test_a_tube_that_was_moved_is_still_there(device, moved, said):
    assert {a for _, a, _ in told(f"The {device} has been {moved}.")} == {said}
