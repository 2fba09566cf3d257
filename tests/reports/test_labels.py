import math

import pytest

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.labels import chexpert_labels, counting_sections, finding_states
from medcutmix_cli.reports.reader import ReportReader


def labels(report):
    values = zip(CHEXPERT, chexpert_labels(ReportReader().read(report)), strict=True)
    return {name: value for name, value in values if not math.isnan(value)}


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        pytest.param(
            "Small effusion. No effusion.", {"Pleural Effusion": 1.0}, id="present-wins-over-absent"
        ),
        pytest.param(
            "No effusion. Possible effusion.", {"Pleural Effusion": -1.0}, id="uncertain-wins-over-absent"
        ),
        pytest.param(
            "The effusion has resolved.",
            {"Pleural Effusion": 0.0},
            id="resolved-counts-as-absent-and-denies-nothing",
        ),
        pytest.param("A nodule. No mass.", {"Lung Lesion": 1.0}, id="two-findings-of-one-label"),
        pytest.param(
            "No effusion. The ET tube is in place.",
            {"Pleural Effusion": 0.0, "Support Devices": 1.0, "No Finding": 1.0},
            id="devices-leave-no-finding-standing",
        ),
        pytest.param("No acute cardiopulmonary process.", {"No Finding": 1.0}, id="normal-statement"),
        pytest.param(
            "Hiatal hernia. No effusion.", {"Pleural Effusion": 0.0}, id="any-finding-ends-no-finding"
        ),
        pytest.param("PA and lateral views.", {}, id="nothing-said"),
        pytest.param(
            "Blunting of the left costophrenic angle.", {"Pleural Effusion": 1.0}, id="a-sign-alone-asserts"
        ),
        pytest.param(
            "Blunting of the left costophrenic angle. No pleural effusion.",
            {"Pleural Effusion": 0.0},
            id="a-sign-gives-way-to-what-is-named-elsewhere",
        ),
    ],
)
def test_labels_say_what_the_report_says(report, expected):
    assert labels(report) == expected


def test_only_sections_that_report_count():
    report = "x\n INDICATION: Pneumonia.\n \n COMPARISON: Effusion on ___.\n \n FINDINGS: No edema.\n"
    reading = ReportReader().read(report)
    assert counting_sections(reading) == {"findings"}
    assert finding_states(reading) == {"edema": Assertion.ABSENT}


def test_prose_without_headers_counts():
    assert counting_sections(ReportReader().read("Clear lungs.")) == {"preamble"}


def test_an_addendum_counts_beside_the_findings():
    reading = ReportReader().read("x\n FINDINGS: No edema.\n \n ADDENDUM: There is a nodule.\n")
    assert finding_states(reading) == {"edema": Assertion.ABSENT, "nodule": Assertion.PRESENT}


def test_an_empty_report_has_no_labels():
    assert all(math.isnan(value) for value in chexpert_labels(ReportReader().read(" \n ")))
