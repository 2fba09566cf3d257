from itertools import product

import pytest

from medcutmix_cli.pairing.consistency import comparable, contradiction, impression_consistent, inconsistency
from medcutmix_cli.records import Assertion, Mention, Side
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

READER = ReportReader()


def sentences(text):
    return READER.read(f"FINDINGS: {text}").sentences


def broken_rule(*findings, impression=()):
    reading = READER.read(make_report(*findings, impression=impression))
    labels = chexpert_labels(reading)
    return inconsistency(reading, labels, labels)


@pytest.mark.parametrize(
    ("findings", "impression", "rule"),
    [
        ("Small left effusion.", "Left pleural effusion.", ""),
        ("Small left effusion.", "No pleural effusion.", "present-and-absent"),
        ("Small left effusion.", "Right pleural effusion.", "two-sides"),
        ("Small left effusion.", "Bilateral pleural effusions.", ""),
        ("Small left effusion. Large right effusion.", "Right pleural effusion.", ""),
        ("Left apical pneumothorax.", "No acute process.", "normal-beside-acute-finding"),
        ("Left apical pneumothorax.", "No other acute process.", ""),
    ],
)
def test_a_report_that_contradicts_itself_is_known_by_name(findings, impression, rule):
    assert broken_rule(findings, impression=(impression,)) == rule


def test_labels_that_are_not_as_expected_are_named_first():
    reading = READER.read(make_report("Small left effusion."))
    labels = chexpert_labels(reading)
    assert inconsistency(reading, (*labels[:-1], 1.0), labels) == "labels-changed-on-reading"


WORDS = {Side.LEFT: "left ", Side.RIGHT: "right ", Side.BILATERAL: "bilateral ", Side.NONE: ""}


def one_mention(side, assertion=Assertion.PRESENT, finding="pleural_effusion"):
    return Mention(finding, 0, 1, assertion, side)


@pytest.mark.parametrize(("here", "there"), list(product(Side, repeat=2)))
def test_two_parts_of_a_report_contradict_where_each_has_one_side_and_not_the_same(here, there):
    expected = "two-sides" if {here, there} == {Side.LEFT, Side.RIGHT} else ""
    assert contradiction([one_mention(here)], [one_mention(there)]) == expected
    text = (
        f"FINDINGS: There is a {WORDS[there]}pleural effusion.\nIMPRESSION: {WORDS[here]}pleural effusion.\n"
    )
    reading = ReportReader().read(text)
    labels = chexpert_labels(reading)
    assert inconsistency(reading, labels, labels) == expected
    assert impression_consistent(reading) is (expected == "")


def test_left_and_right_within_one_part_are_two_effusions():
    both = [one_mention(Side.LEFT), one_mention(Side.RIGHT)]
    assert contradiction(both) == contradiction(both, [one_mention(Side.LEFT)]) == ""


def test_sides_of_different_findings_say_nothing_of_each_other():
    assert contradiction([one_mention(Side.LEFT)], [one_mention(Side.RIGHT, finding="mass")]) == ""


def test_present_and_absent_at_one_place_is_told_before_two_sides():
    denied = one_mention(Side.LEFT, Assertion.ABSENT)
    assert contradiction([one_mention(Side.LEFT)], [one_mention(Side.RIGHT), denied]) == "present-and-absent"


@pytest.mark.parametrize("markings", ["Prominent interstitial markings.", "Diffuse reticular opacities."])
@pytest.mark.parametrize(
    ("denial", "rule"),
    [
        ("No focal airspace disease.", ""),
        ("No airspace opacity.", ""),
        ("No interstitial opacities.", "present-and-absent"),
        ("The lungs are clear.", "present-and-absent"),
    ],
)
def test_markings_of_the_interstitium_are_denied_by_their_own_name_only(markings, denial, rule):
    assert broken_rule(markings, denial) == rule


def test_filled_air_space_is_denied_by_no_airspace_disease():
    assert broken_rule("Left basilar airspace disease.", "No airspace disease.") == "present-and-absent"


def told_alike(findings, impression):
    return impression_consistent(READER.read(make_report(findings, impression=(impression,))))


@pytest.mark.parametrize("finding", ["pleural effusion", "pneumothorax", "consolidation"])
@pytest.mark.parametrize(("here", "there"), list(product(["Small", "Moderate", "Large", ""], repeat=2)))
def test_degrees_of_a_finding_are_equal_in_both_parts_or_unsaid(finding, here, there):
    alike = here == there or not here or not there
    assert told_alike(f"{here} left {finding}.".strip(), f"{there} left {finding}.".strip()) is alike


@pytest.mark.parametrize(("degree", "adverb"), [("mild", "mildly"), ("moderate", "moderately")])
def test_an_adverb_gives_the_degree_of_its_adjective(degree, adverb):
    assert told_alike(f"The heart is {adverb} enlarged.", f"{degree.capitalize()} cardiomegaly.")


@pytest.mark.parametrize(
    ("findings", "impression", "alike"),
    [
        ("Left lower lobe consolidation.", "Clear lungs.", False),
        ("Left lower lobe consolidation.", "The lungs are otherwise clear.", True),
        ("Left pneumothorax.", "Both lungs are fully expanded.", False),
        ("Small left pleural effusion.", "Both lungs are fully expanded.", True),
        ("Small left pleural effusion.", "No acute process.", False),
        ("Small left pleural effusion.", "No other acute process.", True),
        ("Old healed rib fracture.", "No acute process.", True),
        ("Clear lungs.", "Left lower lobe consolidation.", False),
        ("Bibasilar atelectasis.", "No acute process.", True),
        ("Prominent interstitial markings.", "No focal airspace disease.", True),
        ("Prominent interstitial markings.", "Clear lungs.", False),
    ],
)
def test_a_denial_in_one_part_of_what_the_other_asserts_is_seen(findings, impression, alike):
    assert told_alike(findings, impression) is alike


@pytest.mark.parametrize(
    "denial", ["No focal airspace disease.", "No air space opacity.", "No alveolar opacities."]
)
@pytest.mark.parametrize("shadow", ["Streaky left basilar opacity.", "8 mm opacity in the left lung."])
def test_another_shadow_is_not_what_a_denial_of_airspace_disease_means(denial, shadow):
    assert contradiction(comparable(sentences(f"{shadow} {denial}"))) == ""
    assert contradiction(comparable(sentences(f"{shadow} No opacity."))) == "present-and-absent"
    assert contradiction(comparable(sentences(f"{shadow} The lungs are clear."))) == "present-and-absent"
    filled = sentences(f"Left basilar airspace opacity. {denial}")
    assert contradiction(comparable(filled)) == "present-and-absent"
