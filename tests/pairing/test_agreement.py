from itertools import product

import pytest

from medcutmix_cli.pairing.agreement import disagreement
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

READER = ReportReader()
STATED = {
    "pleural_effusion": "Small left pleural effusion.",
    "consolidation": "Left lower lobe consolidation.",
    "pneumothorax": "Left apical pneumothorax.",
    "atelectasis": "Left basilar atelectasis.",
}
NAMES = {"pleural_effusion": "pleural effusion", "consolidation": "consolidation"} | {
    name: name for name in ("pneumothorax", "atelectasis")
}
ACUTE = ("pleural_effusion", "consolidation", "pneumothorax")


def told_against(finding, findings, impression=()):
    return disagreement(READER.read(make_report(findings, impression=impression)), finding)


@pytest.mark.parametrize(("finding", "where"), list(product(STATED, ("findings", "impression"))))
def test_a_report_that_denies_its_finding_elsewhere_contradicts_itself(finding, where):
    denied = f"No {NAMES[finding]}."
    parts = (
        (STATED[finding], denied)
        if where == "impression"
        else (f"{STATED[finding]} {denied}", "Stable heart.")
    )
    assert told_against(finding, parts[0], (parts[1],)) == "donor-contradicts-itself"


@pytest.mark.parametrize("finding", STATED)
def test_the_other_side_may_be_denied(finding):
    assert told_against(finding, f"{STATED[finding]} No right {NAMES[finding]}.") == ""


@pytest.mark.parametrize("finding", STATED)
def test_the_impression_may_not_have_it_on_the_other_side(finding):
    assert told_against(finding, STATED[finding], (f"Right {NAMES[finding]}.",)) == "donor-contradicts-itself"


@pytest.mark.parametrize(
    ("finding", "doubt"),
    list(product(STATED, ("Possible left {}.", "There may be a left {}.", "Questionable left {}."))),
)
def test_a_finding_that_is_doubted_elsewhere_is_hedged(finding, doubt):
    assert (
        told_against(finding, STATED[finding], (doubt.format(NAMES[finding]),)) == "donor-hedges-the-finding"
    )


@pytest.mark.parametrize(
    ("finding", "normal"),
    list(
        product(
            STATED,
            ("No acute abnormality.", "No acute cardiopulmonary process.", "No evidence of acute disease."),
        )
    ),
)
def test_no_acute_process_goes_with_what_is_not_acute_alone(finding, normal):
    expected = "donor-calls-the-chest-normal" if finding in ACUTE else ""
    assert told_against(finding, STATED[finding], (normal,)) == expected


@pytest.mark.parametrize(
    ("finding", "rest"),
    list(product(STATED, ("No other acute abnormality.", "The lungs are otherwise clear."))),
)
def test_what_is_said_of_the_rest_is_no_contradiction(finding, rest):
    assert told_against(finding, STATED[finding], (rest,)) == ""


@pytest.mark.parametrize("normal", ["Normal chest.", "Normal chest radiograph."])
@pytest.mark.parametrize("finding", STATED)
def test_a_normal_chest_goes_with_no_finding(finding, normal):
    assert told_against(finding, STATED[finding], (normal,)) == "donor-calls-the-chest-normal"


@pytest.mark.parametrize("expanded", ["Both lungs are fully expanded.", "The lungs are well expanded."])
def test_expanded_lungs_deny_a_pneumothorax_and_nothing_else(expanded):
    found = {finding: told_against(finding, STATED[finding], (expanded,)) for finding in STATED}
    assert {finding for finding, against in found.items() if against} == {"pneumothorax"}


def test_clear_lungs_deny_a_consolidation():
    assert (
        told_against("consolidation", STATED["consolidation"], ("Clear lungs.",))
        == "donor-contradicts-itself"
    )
