import pytest

from medcutmix_cli.pairing.consistency import inconsistency
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

READER = ReportReader()


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
