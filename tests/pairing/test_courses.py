"""Lungs that are called unchanged are not called so beside what comes into them; other parts may be."""

from itertools import product

import pytest

from medcutmix_cli.pairing.changes import host, swap
from medcutmix_cli.pairing.courses import calls_lungs_unchanged
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.text_change import TextChange
from medcutmix_cli.records import Assertion, ReadStudy
from medcutmix_cli.reports.labels import chexpert_labels, finding_states
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

READER = ReportReader()
SUBJECTS = ["The lungs", "Both lungs", "The heart and lungs", "Lungs and mediastinum", "The lungs and pleura"]
COURSES = [
    "have not changed in the interval",
    "have not significantly changed",
    "are unchanged",
    "remain stable",
    "have remained unchanged since the last examination",
    "appear unchanged from before",
    "are similar to the prior study",
    "show no change",
    "have XXXX XXXX in the interval",
]
REVERSED = [
    "No change in the appearance of the lungs.",
    "No interval change in the heart or lungs.",
    "Stable appearance of the lungs.",
    "Unchanged appearance of the heart and lungs.",
]
STAYING = [
    "The heart is unchanged.",
    "Lung volumes are unchanged.",
    "Stable heart size.",
    "The mediastinum has not changed in the interval.",
    "A granuloma in the left lung is unchanged.",
    "No change in the position of the tube.",
    "The port is stable, and the lungs are well aerated.",
    "The lungs are otherwise unchanged.",
]
CAME = {
    "atelectasis": "There is mild left basilar atelectasis.",
    "opacity": "There is a patchy right basilar opacity.",
    "pneumonia": "There is right lower lobe pneumonia.",
    "pleural_effusion": "There is a small left pleural effusion.",
    "pneumothorax": "There is a small right apical pneumothorax.",
}


def read(report, number=0):
    study = make_study(number, report)
    reading = READER.read(report)
    present = (f for f, said in finding_states(reading).items() if said is Assertion.PRESENT)
    return ReadStudy(study, study.images[0], reading, chexpert_labels(reading), frozenset(present))


def mixed(change, report):
    assert isinstance(change, TextChange), change
    return splice(report, change.edits)


UNCHANGED = [f"{subject} {course}." for subject, course in product(SUBJECTS, COURSES)] + REVERSED


@pytest.mark.parametrize("text", UNCHANGED)
def test_lungs_that_are_called_unchanged_are_seen(text):
    assert calls_lungs_unchanged(text)


@pytest.mark.parametrize("text", STAYING)
def test_what_is_said_of_another_part_is_none_of_it(text):
    assert not calls_lungs_unchanged(text)


@pytest.mark.parametrize("finding", CAME)
@pytest.mark.parametrize("text", [UNCHANGED[0], *REVERSED, "The lungs are unchanged."])
def test_it_leaves_where_a_finding_comes_into_a_normal_chest(text, finding):
    report = make_report(f"{text} Heart and mediastinum normal.", impression=("No active disease.",))
    told = mixed(host(read(report), read(make_report(CAME[finding]), 1), finding), report)
    assert text not in told
    assert CAME[finding] in told


@pytest.mark.parametrize("text", [UNCHANGED[0], "The lungs are unchanged."])
def test_it_leaves_where_a_finding_takes_the_place_of_its_like(text):
    report = make_report(f"{text} There is a small left pleural effusion. Heart size is normal.")
    donor = make_report("There is a moderate left pleural effusion.")
    told = mixed(swap(read(report), read(donor, 1), "pleural_effusion"), report)
    assert text not in told


@pytest.mark.parametrize("text", ["The heart is unchanged.", "Stable heart size."])
def test_an_unchanged_heart_stays(text):
    report = make_report(f"{text} The lungs are clear.", impression=("No active disease.",))
    told = mixed(host(read(report), read(make_report(CAME["opacity"]), 1), "opacity"), report)
    assert text in told


def test_a_fracture_says_nothing_against_unchanged_lungs():
    report = make_report("The lungs are unchanged. Heart size is normal.")
    donor = make_report("There is a displaced left rib fracture.")
    assert "The lungs are unchanged." in mixed(host(read(report), read(donor, 1), "fracture"), report)
