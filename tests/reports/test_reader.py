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
