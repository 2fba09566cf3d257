"""What is said of the other side without the finding's name is read as said of the finding."""

import pytest

from medcutmix_cli.records import Assertion, Side
from medcutmix_cli.reports.labels import finding_states
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.sides import other_side
from tests.builders import make_report

READER = ReportReader()
NAMES = {
    "pleural_effusion": "pleural effusion",
    "pneumothorax": "pneumothorax",
    "atelectasis": "atelectasis",
    "consolidation": "consolidation",
}
THERE, GONE, PERHAPS = Assertion.PRESENT, Assertion.ABSENT, Assertion.UNCERTAIN
ELIDED = [
    ("Moderate {a} {name}, small on the {b}.", THERE, THERE, "small"),
    ("Moderate {a} {name} and small {b}.", THERE, THERE, "small"),
    ("The {a} {name} is moderate and the {b} is small.", THERE, THERE, "small"),
    ("There is a large {name} on the {a} and only a trace on the {b}.", THERE, THERE, "trace"),
    ("No {name} on the {a} and only a trace on the {b}.", GONE, THERE, "trace"),
    ("No {a} {name}, tiny on the {b}.", GONE, THERE, "tiny"),
    ("No {a} {name} but minimal on the {b} side.", GONE, THERE, "minimal"),
    ("Small {a} {name}, none on the {b}.", THERE, GONE, ""),
    ("There is a {name} on the {a} but none is seen on the {b}.", THERE, GONE, ""),
    ("There is a small {a} {name}; on the {b} there is none.", THERE, GONE, ""),
    ("Possible {a} {name}, none on the {b}.", PERHAPS, GONE, ""),
    ("Large {a} {name}, possibly a trace on the {b}.", THERE, PERHAPS, "trace"),
    ("Possible small {a} {name}, trace on the {b}.", PERHAPS, PERHAPS, "trace"),
]


def mentions(text):
    return [m for s in READER.read(make_report(text)).sentences for m in s.mentions]


@pytest.mark.parametrize(("text", "first", "second", "degree"), ELIDED)
@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_the_other_side_is_read_though_nothing_is_named_there(text, first, second, degree, finding, side):
    found = mentions(text.format(a=side, b=other_side(side), name=NAMES[finding]))
    assert [(m.finding, m.side, m.assertion) for m in found] == [
        (finding, side, first),
        (finding, other_side(side), second),
    ]
    assert found[1].severity == degree


def test_shorthand_is_read():
    assert [m.side for m in mentions("Mod L eff, sm R.")] == [Side.LEFT, Side.RIGHT]


@pytest.mark.parametrize(
    "text",
    [
        "Small left pleural effusion, small left pneumothorax.",
        "Small left pleural effusion, right lung clear.",
        "Small left pleural effusion, moderate right basilar atelectasis.",
        "Bilateral pleural effusions, left small, right moderate.",
        "Small left pleural effusion, unchanged.",
        "Small left pleural effusion and mild cardiomegaly.",
        "Small left pleural effusion with elevation of the right hemidiaphragm.",
        "Small left pleural effusion and a small right rib fracture.",
        "Small left pleural effusion, small on the left.",
        "Pleural effusion, small on the right.",
    ],
)
def test_what_is_named_or_of_no_other_side_is_no_ellipsis(text):
    assert [m.finding for m in mentions(text)].count("pleural_effusion") == 1


def test_a_trace_on_one_side_is_a_present_label():
    reading = READER.read(make_report("No effusion on the left and only a trace on the right."))
    assert finding_states(reading)["pleural_effusion"] is THERE


SEVERAL = [
    "Small {a} pleural effusion and atelectasis, none on the {b}.",
    "{A} pleural effusion and atelectasis, neither on the {b}.",
    "There is {a} pleural effusion with atelectasis; none is seen on the {b}.",
    "{A} pleural effusion and {a} atelectasis but nothing on the {b} side.",
]


@pytest.mark.parametrize("text", SEVERAL)
@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_of_several_findings_none_is_on_the_other_side(text, side):
    found = mentions(text.format(a=side, b=other_side(side), A=side.capitalize()))
    told = {(m.finding, m.side, m.assertion) for m in found}
    assert told == {
        (finding, of, said)
        for finding in ("pleural_effusion", "atelectasis")
        for of, said in ((side, THERE), (other_side(side), GONE))
    }


@pytest.mark.parametrize(
    "text",
    [
        "Left pleural effusion and atelectasis, small on the right.",
        "Left pleural effusion and cardiomegaly, none on the right.",
        "Left pleural effusion and right atelectasis, none on the left.",
        "Left pleural effusion, no pneumothorax, none on the right.",
    ],
)
def test_which_of_several_is_meant_is_not_guessed(text):
    assert len(mentions(text)) == 2
