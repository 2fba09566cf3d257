"""Findings without a header of their own, beside an impression that has one."""

import math

import pytest

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.reports.labels import chexpert_labels, counting_sections
from medcutmix_cli.reports.paragraphs import place_paragraphs
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sections import split_sections

HEADERS = [
    "REASON FOR EXAM",
    "CLINICAL INDICATION",
    "CLINICAL HISTORY",
    "HISTORY",
    "COMPARISON",
    "TECHNIQUE",
    "EXAMINATION",
]
BLANKS = ["\n \n", "\n\n", "\n  \n", "\r\n \r\n"]
SAID = {
    "There is a small left pleural effusion.": ("Pleural Effusion", 1.0),
    "No pneumothorax.": ("Pneumothorax", 0.0),
    "Possible atelectasis at the right base.": ("Atelectasis", -1.0),
}


def labels(report):
    values = zip(CHEXPERT, chexpert_labels(ReportReader().read(report)), strict=True)
    return {name: value for name, value in values if not math.isnan(value)}


def placed(report):
    return [
        (s.name, report[s.start : s.end])
        for s in place_paragraphs(report, split_sections(report, "mimic-official"))
    ]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("header", HEADERS)
def test_the_paragraph_behind_a_header_counts_where_the_impression_has_its_own(header, said, blank):
    report = f" FINAL REPORT\n {header}: Ms. ___.{blank} {said}\n \n IMPRESSION: Cardiomegaly.\n"
    name, value = SAID[said]
    assert labels(report)[name] == value
    assert labels(report)["Cardiomegaly"] == 1.0


@pytest.mark.parametrize("header", HEADERS)
def test_findings_under_their_own_header_leave_the_other_sections_whole(header):
    report = f" FINAL REPORT\n {header}: Ms. ___.\n \n Seen before.\n \n FINDINGS: Clear.\n \n IMPRESSION: Normal.\n"
    assert placed(report) == [
        (s.name, report[s.start : s.end]) for s in split_sections(report, "mimic-official")
    ]


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("title", ["", "CHEST, PA AND LATERAL\n \n ", "Portable chest. "])
def test_what_stands_before_the_first_header_counts_beside_an_impression(title, said):
    report = f" FINAL REPORT\n {title}{said}\n \n IMPRESSION: Cardiomegaly.\n"
    name, value = SAID[said]
    assert labels(report)[name] == value


def test_an_examination_that_goes_on_to_tell_counts_and_a_name_does_not():
    told = "Exam: chest, 2 views. Left pleural effusion. No pneumothorax. Impression: cardiomegaly."
    assert labels(told) == {"Pleural Effusion": 1.0, "Pneumothorax": 0.0, "Cardiomegaly": 1.0}
    named = " FINAL REPORT\n EXAMINATION: Chest, pneumothorax.\n \n IMPRESSION: Cardiomegaly.\n"
    assert labels(named) == {"Cardiomegaly": 1.0}


WET_READS = [
    "WET READ: ___ 9:14 PM\n Left pneumothorax.",
    "Wet Read: ___ No pneumothorax.",
    "WETREAD: Edema.",
]


@pytest.mark.parametrize("wet", WET_READS)
@pytest.mark.parametrize(
    "rest", ["Lungs are clear.\n \n IMPRESSION: Normal.", "IMPRESSION: Normal.", "Clear."]
)
def test_a_wet_read_before_the_final_report_does_not_count(wet, rest):
    report = f"{wet}\n _____\n FINAL REPORT\n CHEST\n \n {rest}\n"
    reading = ReportReader().read(report)
    assert "other" not in counting_sections(reading)
    assert not {"Pneumothorax", "Edema"} & labels(report).keys()
    assert report[reading.sections[0].start :].startswith(wet[:8])


@pytest.mark.parametrize("title", ["PORTABLE CHEST: ___.", "CHEST, TWO VIEWS: ___", "CHEST (PA AND LAT): "])
def test_a_header_of_findings_with_nothing_behind_it_has_none(title):
    report = f" FINAL REPORT\n {title}\n \n INDICATION: Cough.\n \n There is a left pleural effusion.\n"
    assert labels(report) == {"Pleural Effusion": 1.0}


ADDENDA = [
    "ADDENDUM\n {}",
    "ADDENDUM  {}",
    "ADDENDUM #1\n {}",
    "ADDENDUM ___\n {}",
    "Addendum\n {}",
    "ADDENDUM by Dr. ___\n {}",
]
AFTER = ["There is also a left pneumothorax.", "No pneumothorax."]


@pytest.mark.parametrize(
    "main",
    [" FINDINGS: The heart is normal.\n \n IMPRESSION: Normal heart.\n", " FINDINGS: The heart is normal.\n"],
)
@pytest.mark.parametrize("gap", [" \n ", " ", " ________________\n "])
@pytest.mark.parametrize("said", AFTER)
@pytest.mark.parametrize("head", ADDENDA)
def test_an_addendum_without_a_colon_is_a_section_of_its_own(head, said, gap, main):
    reading = ReportReader().read(f" FINAL REPORT\n{main}{gap}{head.format(said)}\n")
    assert [s.text for s in reading.sentences if s.section == "addendum"][-1:] == [said]
    assert reading.sections[-1].name == "addendum"
    assert all("ddend" not in s.text.lower() for s in reading.sentences)


@pytest.mark.parametrize("said", AFTER)
def test_an_addendum_above_the_report_ends_where_that_begins(said):
    report = (
        f" ADDENDUM  {said}\n ______________\n FINAL REPORT\n FINDINGS: Clear.\n \n IMPRESSION: Normal.\n"
    )
    reading = ReportReader().read(report)
    assert [s.text for s in reading.sentences if s.section == "addendum"] == [said]
    assert {"findings", "impression"} <= {s.name for s in reading.sections}


@pytest.mark.parametrize(
    "text", ["See addendum below.", "This is an ADDENDUM to the report.", "The addendum\n of today stands."]
)
def test_the_word_addendum_in_a_sentence_begins_none(text):
    reading = ReportReader().read(f" FINAL REPORT\n FINDINGS: Clear lungs. {text}\n \n IMPRESSION: Normal.\n")
    assert "addendum" not in {s.name for s in reading.sections}
