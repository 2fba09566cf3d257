"""Which words of a sentence are said of which of its findings."""

import pytest

from medcutmix_cli.reports.assertion import read_clause
from medcutmix_cli.reports.modifier_zones import JOINED, end_of_list, shared_zones, zones_of
from medcutmix_cli.reports.words import canonical


def read(text):
    """Return the words of a sentence whose findings stand in capitals, and the zones of each."""
    words, told = canonical(text), text.replace(",", " ,").replace(".", " .").split()
    spans = [(k, k + 1) for k, word in enumerate(told) if word.isupper()]
    clause = read_clause(words, spans)
    return words, [zones_of(words, clause, span) for span in spans]


def words_in(words, span):
    return " ".join(words.word(k) for k in range(*span))


def parts(text):
    words, zones = read(text)
    return [(words_in(words, zone.before), words_in(words, zone.after)) for zone in zones]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("small left EFFUSION at the base.", [("small left", "at the base")]),
        ("small EFFUSION and left MASS", [("small", ""), ("left", "")]),
        ("the left base shows a NODULE", [("the left base shows a", "")]),
        ("heart is large, small EFFUSION", [("small", "")]),
        (
            "MASS in the left apex, and to a lesser extent in the right base",
            [("", "in the left apex , and to a lesser extent in the right base")],
        ),
    ],
)
def test_words_are_said_of_the_finding_that_they_stand_by(text, told):
    assert parts(text) == told


def test_the_words_nearest_to_a_finding_come_first():
    words, [zone] = read("small left EFFUSION at the base")
    assert [words_in(words, span) for span in zone.nearest_first] == [
        "effusion",
        "small left",
        "at the base",
    ]


def test_findings_of_a_list_share_what_stands_before_and_behind_it():
    words, zones = read("left lower EFFUSION and MASS at the base")
    shared = [words_in(words, span) for span in shared_zones(words, zones, 0, JOINED)]
    assert shared == ["at the base"]
    assert [words_in(words, span) for span in shared_zones(words, zones, 1, JOINED)] == ["left lower"]
    assert shared_zones(words, zones, 1, frozenset()) == []


@pytest.mark.parametrize(("text", "end"), [("EFFUSION and small MASS, left", 4), ("EFFUSION near a MASS", 1)])
def test_a_list_ends_behind_its_last_finding(text, end):
    words, zones = read(text)
    assert end_of_list(words, zones, 0) == end
