"""A part of the chest that a finding comes into is not called normal beside it; another part may be."""

from itertools import product

import pytest

from medcutmix_cli.pairing.changes import host, swap
from medcutmix_cli.pairing.normal_parts import normal_spans, parts_of_statement
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.pairing.text_change import TextChange
from tests.builders import make_report
from tests.pairing.test_courses import mixed, read

INTO = {
    "hila": ["There is a left hilar mass.", "There is an opacity at the right hilum."],
    "mediastinum": ["There is a right paratracheal opacity.", "There is a mediastinal mass."],
}
NORMAL = {
    "hila": ["The hila are unremarkable.", "Hilar contours are normal.", "Normal hilar contours."],
    "mediastinum": [
        "The mediastinum is normal.",
        "Mediastinal contours are within normal limits.",
        "Unremarkable mediastinal silhouette.",
        "The cardiomediastinal silhouette is normal.",
    ],
}
ELSEWHERE = ["There is a left perihilar opacity.", "There is a mass in the right upper lobe."]
TRUE_BESIDE = [
    "The heart is normal in size.",
    "No mediastinal shift.",
    "The pulmonary vascularity is normal.",
]


def finding_of(text):
    return "mass" if "mass" in text else "opacity"


def came_into(text, normal):
    report = make_report(f"Heart size is normal. {normal} No effusion.", impression=("No acute disease.",))
    return host(read(report), read(make_report(text), 1), finding_of(text)), report


@pytest.mark.parametrize(("part", "text"), [(part, text) for part in INTO for text in INTO[part]])
def test_the_part_that_a_statement_is_of_is_known(part, text):
    assert part in parts_of_statement(text)


@pytest.mark.parametrize("text", ELSEWHERE)
def test_a_lung_beside_the_hilum_is_no_part(text):
    assert parts_of_statement(text) == frozenset()


@pytest.mark.parametrize(("part", "text"), [(part, text) for part in NORMAL for text in NORMAL[part]])
def test_a_part_that_is_called_normal_is_seen(part, text):
    assert normal_spans(text, frozenset({part}))


@pytest.mark.parametrize(("part", "text"), list(product(INTO, TRUE_BESIDE)))
def test_what_stays_true_is_let_pass(part, text):
    assert normal_spans(text, frozenset({part})) == ()


CASES = [(text, normal) for part in INTO for text, normal in product(INTO[part], NORMAL[part])]


@pytest.mark.parametrize(("text", "normal"), CASES)
def test_it_is_not_called_normal_beside_what_came(text, normal):
    change, report = came_into(text, normal)
    assert isinstance(change, TextChange)
    told = mixed(change, report)
    assert normal not in told
    assert text in told


@pytest.mark.parametrize(("text", "normal"), list(product(ELSEWHERE, NORMAL["hila"] + NORMAL["mediastinum"])))
def test_it_stays_beside_what_came_elsewhere(text, normal):
    change, report = came_into(text, normal)
    assert normal in mixed(change, report)


@pytest.mark.parametrize(
    ("listed", "left"),
    [
        ("The heart, lungs, hila and mediastinum are unremarkable.", ""),
        ("The pleural spaces, bones and mediastinum are normal.", "The pleural spaces and bones are normal."),
    ],
)
def test_of_several_parts_the_others_may_stay(listed, left):
    change, report = came_into("There is a mediastinal mass.", listed)
    assert isinstance(change, Refusal) or (
        left in mixed(change, report) and listed not in mixed(change, report)
    )


def test_what_was_called_normal_beside_its_like_may_stay():
    report = make_report("There is a left hilar mass. Mediastinal contours are normal.")
    donor = make_report("There is a lobulated left hilar mass.")
    told = mixed(swap(read(report), read(donor, 1), "mass"), report)
    assert "Mediastinal contours are normal." in told
