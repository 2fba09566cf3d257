import math

import pytest

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.labels import (
    chexpert_labels,
    counting_sections,
    finding_states,
    labels_of_mix,
)
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


SILENT = dict.fromkeys(CHEXPERT, math.nan)


def row(**values):
    return tuple({**SILENT, **{name.replace("_", " "): value for name, value in values.items()}}.values())


@pytest.mark.parametrize(
    ("own", "said", "given", "mixed", "expected"),
    [
        pytest.param(row(Fracture=1.0), row(), row(), row(), row(Fracture=1.0), id="the-table-alone-says-it"),
        pytest.param(row(Edema=1.0), row(Edema=0.0), row(), row(Edema=0.0), row(Edema=1.0), id="the-table-wins"),
        pytest.param(row(Edema=0.0), row(), row(Edema=1.0), row(Edema=1.0), row(Edema=1.0), id="it-came"),
        pytest.param(row(Edema=0.0), row(Edema=1.0), row(Edema=1.0), row(Edema=1.0), row(Edema=1.0), id="another-came"),
        pytest.param(row(Edema=1.0), row(Edema=1.0), row(), row(), row(), id="it-left"),
        pytest.param(row(No_Finding=1.0), row(), row(Edema=1.0), row(Edema=1.0), row(Edema=1.0), id="no-longer-none"),
        pytest.param(
            row(No_Finding=1.0, Support_Devices=1.0), row(), row(), row(),
            row(No_Finding=1.0, Support_Devices=1.0), id="a-device-is-no-finding",
        ),
    ],
)  # fmt: skip
def test_a_label_table_counts_for_what_was_not_exchanged(own, said, given, mixed, expected):
    assert repr(labels_of_mix(own, said, given, mixed)) == repr(expected)
    by_report = labels_of_mix(said, said, given, mixed)
    assert repr(by_report) == repr(mixed), "with the reports' own labels it is what the mixed report says"


OF_A_LUNG = {
    "consolidation": "Consolidation", "pneumonia": "Pneumonia", "atelectasis": "Atelectasis", "mass": "Lung Lesion",
    "opacity": "Lung Opacity",
}  # fmt: skip
CLEAR = ("The {} lung is clear.", "{} lung: clear.", "{} lung is normal.", "No {} basilar opacity.")


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("clear", CLEAR)
@pytest.mark.parametrize("there", [*OF_A_LUNG, ""])
def test_one_clear_lung_says_nothing_of_the_other(side, clear, there):
    other = "right" if side == "left" else "left"
    shown = f"There is {other} lower lobe {there}." if there else "Normal heart."
    found = labels(f"FINDINGS: {shown} {clear.format(side.capitalize())}")
    assert found.get("Lung Opacity") == (1.0 if there == "opacity" else None)
    assert not there or found[OF_A_LUNG[there]] == 1.0


@pytest.mark.parametrize("name", OF_A_LUNG)
@pytest.mark.parametrize(("denials", "value"), [
    (("No left {0}.",), None), (("No left {0}.", "No right {0}."), 0.0), (("No {0}.",), 0.0),
    (("No {0}.", "No left {0}."), 0.0),
    (("No left {0}.", "Possible right {0}."), -1.0), (("No bilateral {0}.",), 0.0),
])  # fmt: skip
def test_a_finding_of_the_lungs_is_denied_where_both_lungs_are_free_of_it(name, denials, value):
    found = labels("FINDINGS: " + " ".join(text.format(name) for text in denials))
    assert found.get(OF_A_LUNG[name]) == value


def test_a_pleura_that_is_denied_on_one_side_is_denied():
    assert labels("FINDINGS: No left effusion.")["Pleural Effusion"] == 0.0
