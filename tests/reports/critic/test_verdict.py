"""Families of good mixed reports, of which the critic says nothing, and of bad ones that it must see."""

import pytest

from medcutmix_cli.reports.critic import OF_ONE_SENTENCE, RULES, FindingExchange, first_broken_rule, make_case
from tests.reports.critic.reports import HEART, READER, SENTENCES, report, rules_broken, told

SIDES = ("left", "right")
STYLES = {
    "heart": (HEART, ""),
    "spine": (HEART, "There are degenerative changes of the spine."),
    "devices": ("The tip of the right PICC line is in the SVC.", "No acute bony abnormality."),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("finding", SENTENCES)
def test_a_clean_exchange_of_one_finding_breaks_no_rule(finding, side, style):
    before, after = STYLES[style]
    recipient = told(finding, side, before, after)
    mixed = recipient
    for word, other in (
        ("small", "moderate"),
        ("Small", "Moderate"),
        ("mild", "minimal"),
        ("Mild", "Minimal"),
    ):
        mixed = mixed.replace(word, other)
    assert rules_broken(recipient, mixed, finding, finding, side, side) == set()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("came", SENTENCES)
@pytest.mark.parametrize("gone", SENTENCES)
def test_a_clean_exchange_of_two_findings_breaks_no_rule(gone, came, style):
    before, after = STYLES[style]
    recipient, mixed = told(gone, "left", before, after), told(came, "right", before, after)
    assert rules_broken(recipient, mixed, gone, came, "left", "right") == set()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("came", SENTENCES)
def test_a_finding_that_came_into_a_normal_chest_with_its_denials_taken_out_breaks_no_rule(came, side):
    recipient = report(f"{HEART} The lungs are clear.", "No acute cardiopulmonary abnormality.")
    assert rules_broken(recipient, told(came, side), "", came, "none", side) == set()


@pytest.mark.parametrize("came", SENTENCES)
def test_a_pair_without_a_finding_is_not_judged(came):
    assert rules_broken(told(came, "left"), report("And is."), "", "") == set()


def test_the_first_rule_is_named_in_the_order_of_the_list_and_only_of_those_asked_for():
    recipient, mixed = told("pneumonia", "left"), told("pneumonia", "left", after="And is.")
    case = make_case(
        recipient,
        READER.read(recipient),
        mixed,
        READER.read(mixed),
        FindingExchange("pneumonia", "pneumonia"),
    )
    assert first_broken_rule(case) == "shape-dangling"
    assert first_broken_rule(case, ["came-with-view"]) == ""


def test_rules_are_named_after_what_they_look_at():
    assert {name.partition("-")[0] for name in RULES} == {"departed", "came", "shape", "story"}
    assert set(RULES) > OF_ONE_SENTENCE
