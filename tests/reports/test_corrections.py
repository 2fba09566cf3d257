"""What later sentences take back: artefacts, and sides in addenda."""

import pytest

from medcutmix_cli.pairing.giving import giveable
from medcutmix_cli.records import Assertion, SentenceKind, Side
from medcutmix_cli.reports.corrections import correct_sentences
from medcutmix_cli.reports.reader import ReportReader

P, A, U = Assertion.PRESENT, Assertion.ABSENT, Assertion.UNCERTAIN
ARTEFACTS = ["a skin fold", "an artifact", "artefactual", "a nipple shadow", "due to overlying clothing"]
IMITATED = {"pneumothorax": "pneumothorax", "nodule": "nodule", "opacity": "opacity", "mass": "mass"}


def read(text):
    return ReportReader().read(text).sentences


@pytest.mark.parametrize("artefact", ARTEFACTS)
@pytest.mark.parametrize("word", IMITATED)
@pytest.mark.parametrize(
    ("explanation", "state"),
    [("This is {}.", A), ("This is likely {}.", U), ("It may be {}.", U), ("This is beside the heart.", P)],
)
def test_a_finding_that_the_next_sentence_explains_is_no_finding(word, explanation, state, artefact):
    first = read(f"There is a left apical {word}. " + explanation.format(artefact))[0]
    assert [m.assertion for m in first.mentions if m.finding == IMITATED[word]] == [state]
    assert (giveable(first, IMITATED[word]) is None) is (state is not P)


@pytest.mark.parametrize("between", [" No effusion. ", "\n IMPRESSION: "])
def test_only_the_sentence_right_before_is_explained(between):
    first = read(f" FINDINGS: There is a left nodule.{between}This is a nipple shadow.")[0]
    assert first.mentions[0].assertion is P


def test_what_no_artefact_looks_like_stays():
    (first, _) = read("Small effusion and a left nodule. This is a nipple shadow.")
    assert {m.finding: m.assertion for m in first.mentions} == {"pleural_effusion": P, "nodule": A}


def test_a_sentence_left_without_a_finding_is_no_longer_diagnostic():
    first = read("Left nodule. This is a nipple shadow.")[0]
    assert first.kind is SentenceKind.NEGATIVE


REPORT = "\n FINDINGS: Small {wrong} {word}.\n\n IMPRESSION: {word}.\n\n ADDENDUM: {addendum}\n"
ADDENDA = [
    "The {word} is on the {right}, not the {wrong}.",
    "The {word} is on the {right}, not on the {wrong}.",
    "Correction: {right} {word}.",
    "The report should read {right} {word}.",
    "Dictation error: the {word} is on the {right} side.",
    "{right}, not {wrong}.",
]


@pytest.mark.parametrize(("right", "wrong"), [("right", "left"), ("left", "right")])
@pytest.mark.parametrize("word", ["effusion", "pneumothorax", "consolidation", "nodule"])
@pytest.mark.parametrize("addendum", ADDENDA)
def test_an_addendum_puts_a_side_right(addendum, word, right, wrong):
    fill = {"word": word, "right": right, "wrong": wrong}
    sentences = read(REPORT.format(addendum=addendum.format(**fill), **fill))
    sides = {m.side for s in sentences for m in s.mentions} - {Side.NONE}
    assert sides == {Side(right)}
    assert "corrected" in sentences[0].flags


@pytest.mark.parametrize(
    "addendum",
    [
        "A right {word} is seen as well.",
        "No right {word}.",
        "The {word} should be followed.",
        "Discussed by phone.",
    ],
)
@pytest.mark.parametrize("word", ["effusion", "pneumothorax"])
def test_an_addendum_that_corrects_nothing_leaves_the_side(addendum, word):
    sentences = read(REPORT.format(addendum=addendum.format(word=word), word=word, wrong="left"))
    assert sentences[0].mentions[0].side is Side.LEFT
    assert "corrected" not in sentences[0].flags


def test_a_report_that_takes_nothing_back_stays_as_it_was_read():
    sentences = read("Left effusion. No pneumothorax.")
    assert correct_sentences(sentences) == sentences


NAMES = {
    "pleural_effusion": "Pleural effusion",
    "pneumothorax": "Pneumothorax",
    "consolidation": "Consolidation",
}
NO = [
    "None.",
    "No.",
    "Nil.",
    "Not seen.",
    "None seen.",
    "There is none.",
    "No evidence of this.",
    "It is not seen.",
]
YES = ["Yes.", "Yes, small.", "Present.", "Yes, it is present."]


@pytest.mark.parametrize(("reply", "state"), [*((one, A) for one in NO), *((one, P) for one in YES)])
@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("asked", ["{}?", "Is there a {}?", "Any {}?"])
def test_the_sentence_behind_answers_a_question(asked, finding, reply, state):
    sentences = read(f" FINDINGS: Normal heart size. {asked.format(NAMES[finding])} {reply}")
    assert [m.assertion for s in sentences for m in s.mentions if m.finding == finding] == [state]
    assert any("corrected" in s.flags for s in sentences)


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_an_answer_gives_its_side(side):
    sentences = read(f" FINDINGS: Consolidation? Yes, in the {side} lower lobe.")
    assert [m.side for s in sentences for m in s.mentions] == [side]


@pytest.mark.parametrize(
    "reply",
    ["No pneumothorax.", "Normal heart size.", "Not seen on the lateral view.", "Correlate clinically."],
)
def test_what_is_no_answer_leaves_the_question_open(reply):
    first = read(f" FINDINGS: Pleural effusion? {reply}")[0]
    assert [m.assertion for m in first.mentions] == [U]


def test_what_was_asked_before_the_study_stays_a_question():
    report = " EXAMINATION: CHEST\n \n INDICATION:  Pneumonia? Yes.\n \n FINDINGS:  Clear lungs."
    assert [m.assertion for s in read(report) for m in s.mentions if m.finding == "pneumonia"] == [U]
