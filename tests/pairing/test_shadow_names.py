"""A shadow that its own report takes for something else is not given: families of names x ties x what it is."""

from itertools import product

import pytest

from medcutmix_cli.pairing.statements import Refusal, Statement, donor_statement
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

READER = ReportReader()
SHADOWS = {"opacity": "opacity", "infiltrate": "infiltrate"}
TIES = ("represents", "likely represents", "may represent", "is consistent with", "is due to", "likely")
ANOTHER = ("a large layering pleural effusion", "pleural fluid", "a healing rib fracture")
OF_THE_LUNG = ("pneumonia", "atelectasis", "scarring", "early consolidation", "a small granuloma")
NOTHING = (
    "a nipple shadow",
    "vascular structures",
    "overlapping soft tissue",
    "a skin fold",
    "summation artifact",
)


def given(finding, said, *, impression=()):
    report = make_report(f"There is a left lower lobe {SHADOWS[finding]}.{said}", impression=impression)
    return donor_statement(READER.read(report), finding)


@pytest.mark.parametrize(("finding", "tie", "other"), list(product(SHADOWS, TIES, ANOTHER)))
def test_a_shadow_that_is_taken_for_another_finding_is_not_given(finding, tie, other):
    told = given(finding, "", impression=(f"Left lower lobe {SHADOWS[finding]} {tie} {other}.",))
    assert told == Refusal("donor-shadow-is-another-finding")


@pytest.mark.parametrize(("finding", "tie", "other"), list(product(SHADOWS, TIES[:3], OF_THE_LUNG)))
def test_a_shadow_that_is_one_of_the_lung_is_given(finding, tie, other):
    told = given(finding, "", impression=(f"Left lower lobe {SHADOWS[finding]} {tie} {other}.",))
    assert isinstance(told, Statement)


@pytest.mark.parametrize(("finding", "tie"), list(product(SHADOWS, TIES[:3])))
def test_one_of_several_that_is_none_of_the_lung_is_enough(finding, tie):
    both = f"Left lower lobe {SHADOWS[finding]} {tie} atelectasis and pleural effusion."
    assert given(finding, "", impression=(both,)) == Refusal("donor-shadow-is-another-finding")


@pytest.mark.parametrize(
    ("finding", "beside"),
    list(product(SHADOWS, ("and a small left pleural effusion", "with a left pleural effusion"))),
)
def test_a_finding_beside_the_shadow_is_another_thing(finding, beside):
    told = given(finding, "", impression=(f"Left lower lobe {SHADOWS[finding]} {beside}.",))
    assert isinstance(told, Statement)


@pytest.mark.parametrize(("finding", "tie", "other"), list(product(SHADOWS, TIES[:3], NOTHING)))
def test_a_shadow_of_no_lesion_is_not_given(finding, tie, other):
    told = given(finding, "", impression=(f"Left lower lobe {SHADOWS[finding]} {tie} {other}.",))
    assert isinstance(told, Refusal)
    behind = given(finding, f" On the earlier scan this {tie} {other}.")
    assert behind == Refusal("donor-shadow-is-of-no-lesion")


@pytest.mark.parametrize(("finding", "other"), list(product(SHADOWS, NOTHING)))
def test_the_other_side_may_be_of_no_lesion(finding, other):
    told = given(finding, f" A right {SHADOWS[finding]} represents {other}.")
    assert told != Refusal("donor-shadow-is-of-no-lesion")


@pytest.mark.parametrize("finding", SHADOWS)
def test_what_lies_behind_a_vessel_is_a_shadow(finding):
    assert isinstance(given(finding, " The heart and the vessels are normal."), Statement)


@pytest.mark.parametrize("finding", SHADOWS)
def test_another_shadow_may_be_of_no_lesion(finding):
    told = given(finding, f" There is a left apical {SHADOWS[finding]}. This may represent a vessel on end.")
    assert isinstance(told, Statement)


@pytest.mark.parametrize("finding", SHADOWS)
def test_a_disease_of_the_lung_is_no_other_thing(finding):
    told = given(
        finding, "", impression=(f"Left {SHADOWS[finding]} consistent with emphysema and fibrosis.",)
    )
    assert isinstance(told, Statement)
