from itertools import product

import pytest

from medcutmix_cli.pairing.consistency import contradiction, impression_consistent, inconsistency
from medcutmix_cli.records import Assertion, Mention, Side
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader

WORDS = {Side.LEFT: "left ", Side.RIGHT: "right ", Side.BILATERAL: "bilateral ", Side.NONE: ""}


def mention(side, assertion=Assertion.PRESENT, finding="pleural_effusion"):
    return Mention(finding, 0, 1, assertion, side)


@pytest.mark.parametrize(("here", "there"), list(product(Side, repeat=2)))
def test_two_parts_of_a_report_contradict_where_each_has_one_side_and_not_the_same(here, there):
    expected = "two-sides" if {here, there} == {Side.LEFT, Side.RIGHT} else ""
    assert contradiction([mention(here)], [mention(there)]) == expected
    text = (
        f"FINDINGS: There is a {WORDS[there]}pleural effusion.\nIMPRESSION: {WORDS[here]}pleural effusion.\n"
    )
    reading = ReportReader().read(text)
    labels = chexpert_labels(reading)
    assert inconsistency(reading, labels, labels) == expected
    assert impression_consistent(reading) is (expected == "")


def test_left_and_right_within_one_part_are_two_effusions():
    both = [mention(Side.LEFT), mention(Side.RIGHT)]
    assert contradiction(both) == contradiction(both, [mention(Side.LEFT)]) == ""


def test_sides_of_different_findings_say_nothing_of_each_other():
    assert contradiction([mention(Side.LEFT)], [mention(Side.RIGHT, finding="mass")]) == ""


def test_present_and_absent_at_one_place_is_told_before_two_sides():
    denied = mention(Side.LEFT, Assertion.ABSENT)
    assert contradiction([mention(Side.LEFT)], [mention(Side.RIGHT), denied]) == "present-and-absent"
