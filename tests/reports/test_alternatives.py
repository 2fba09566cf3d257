"""Alternatives: neither of two is known to be there, unless one phrase names one thing by two words."""

import pytest

from medcutmix_cli.pairing.giving import giveable
from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.alternatives import find_alternatives, names_one_thing_twice
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.words import canonical

P, A, U = Assertion.PRESENT, Assertion.ABSENT, Assertion.UNCERTAIN
NAMES = {
    "effusion": "pleural_effusion",
    "pneumonia": "pneumonia",
    "atelectasis": "atelectasis",
    "mass": "mass",
    "edema": "edema",
    "scarring": "scarring",
    "infiltrate": "infiltrate",
}
UNLIKE = [
    ("atelectasis", "pneumonia"),
    ("effusion", "scarring"),
    ("mass", "infiltrate"),
    ("edema", "pneumonia"),
]
ALIKE = [("atelectasis", "scarring"), ("scarring", "infiltrate"), ("infiltrate", "atelectasis")]
JOINED = [
    "A or B",
    "A/B",
    "A / B",
    "A versus B",
    "A vs. B",
    "A v. B",
    "A v B",
    "a small A or a B",
    "A, or B",
    "either A or B",
]
AROUND = ["{}.", "Right lower lobe {}.", "{} at the left base.", "There is {} in the right lung."]
APART = [
    "A and B",
    "A with B",
    "A. B",
    "A; B",
    "A in the right or left lung and B",
    "small or moderate A and B",
]


def sentences(joints, pairs):
    return [
        (frame.format(joint.replace("B", b).replace("A", a)), frozenset({NAMES[a], NAMES[b]}))
        for joint in joints
        for a, b in pairs
        for frame in AROUND
    ]


def said(text):
    return {m.finding: m.assertion for s in ReportReader().read(text).sentences for m in s.mentions}


@pytest.mark.parametrize(("text", "findings"), sentences(JOINED, UNLIKE))
def test_alternatives_without_a_hedge_are_uncertain_for_both(text, findings):
    assert said(text) == dict.fromkeys(findings, U)


@pytest.mark.parametrize(("text", "findings"), sentences(APART, UNLIKE))
def test_what_is_joined_by_and_is_as_certain_as_before(text, findings):
    assert said(text) == dict.fromkeys(findings, P)


@pytest.mark.parametrize(("text", "findings"), sentences(["no A or B", "no A/B"], [*UNLIKE, *ALIKE]))
def test_denied_alternatives_are_denied(text, findings):
    assert said(text) == dict.fromkeys(findings, A)


@pytest.mark.parametrize(("text", "findings"), sentences(["A or B", "A/B", "A and/or B"], ALIKE))
def test_two_words_for_one_thing_are_present_and_neither_is_given(text, findings):
    (sentence,) = ReportReader().read(text).sentences
    assert said(text) == dict.fromkeys(findings, P)
    assert "alternative" in sentence.flags
    assert all(giveable(sentence, finding) is None for finding in findings)


@pytest.mark.parametrize(("text", "findings"), sentences(["A versus B", "possible A or B"], ALIKE))
def test_two_words_for_one_thing_with_a_hedge_are_uncertain(text, findings):
    assert said(text) == dict.fromkeys(findings, U)


@pytest.mark.parametrize(
    "text",
    [
        "Left basal collapse/consolidation.",
        "Left basal consolidation/collapse.",
        "Right airspace disease/infiltrate.",
    ],
)
def test_a_compound_is_one_thing_that_is_there(text):
    assert set(said(text).values()) == {P}


def test_a_list_of_alternatives_begins_behind_the_shadow_that_they_explain():
    assert said("Scarring, edema or pneumonia.") == {"scarring": U, "edema": U, "pneumonia": U}
    assert said("Left opacity, edema or pneumonia.") == {"opacity": P, "edema": U, "pneumonia": U}


def test_a_sentence_without_a_joining_word_has_no_alternatives():
    words = canonical("Edema and pneumonia w/o effusion.")
    assert find_alternatives(words, [(0, 1), (2, 3), (5, 6)]) == frozenset()
    assert not names_one_thing_twice(words, [(0, 1), (2, 3), (5, 6)])
