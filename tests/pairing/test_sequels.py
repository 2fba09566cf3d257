import pytest

from medcutmix_cli.pairing.sequels import presses_on_lung
from medcutmix_cli.pairing.statements import Statement, donor_statement
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

PRESSING = {
    "pleural_effusion": (
        "Large left pleural effusion.",
        "Small left pleural effusion with compressive atelectasis.",
        "Moderate left pleural effusion with adjacent atelectasis.",
        "Left pleural effusion. Passive atelectasis of the left lower lobe.",
        "Left pleural effusion. There is rightward mediastinal shift.",
    ),
    "pneumothorax": (
        "Large left pneumothorax.",
        "Left tension pneumothorax.",
        "Left pneumothorax with collapse of the left lower lobe.",
        "Left pneumothorax. The left lung is partially collapsed.",
        "Left pneumothorax. Shift of the mediastinum to the right.",
    ),
}
LIGHT = {
    "pleural_effusion": (
        "Small left pleural effusion.",
        "Left pleural effusion. No mediastinal shift.",
        "Left pleural effusion. Right upper lobe atelectasis.",
    ),
    "pneumothorax": (
        "Small left pneumothorax.",
        "Left pneumothorax. There is no mediastinal shift or tension.",
        "Left pneumothorax. No collapse.",
    ),
    "mass": ("Large left lung mass.",),
}  # fmt: skip


def presses(finding, text):
    reading = ReportReader().read(make_report(text))
    given = donor_statement(reading, finding)
    assert isinstance(given, Statement)
    return presses_on_lung(reading, given)


@pytest.mark.parametrize(("finding", "text"), [(f, t) for f, listed in PRESSING.items() for t in listed])
def test_a_large_one_and_one_with_a_sequel_press_on_the_lung(finding, text):
    assert presses(finding, text)


@pytest.mark.parametrize(("finding", "text"), [(f, t) for f, listed in LIGHT.items() for t in listed])
def test_others_do_not(finding, text):
    assert not presses(finding, text)
