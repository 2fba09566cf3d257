"""Forms whose lines begin with an organ in capitals."""

import math
from itertools import permutations

import pytest

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.reports.form_parts import join_form_parts, label_length
from medcutmix_cli.reports.labels import chexpert_labels, counting_sections
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sections import RULES, split_sections

LINES = {
    "lungs": ("Patchy right lower lobe consolidation.", "Consolidation", 1.0),
    "pleura": ("Small left pleural effusion.", "Pleural Effusion", 1.0),
    "pleural space": ("No pneumothorax.", "Pneumothorax", 0.0),
    "heart": ("Mildly enlarged.", "Cardiomegaly", 1.0),
    "lungs and airways": ("Bibasilar atelectasis.", "Atelectasis", 1.0),
    "pleural spaces": ("Possible trace effusion.", "Pleural Effusion", -1.0),
    "heart and mediastinum": ("Normal heart size.", "Cardiomegaly", 0.0),
    "lungs/pleura": ("Left pneumothorax.", "Pneumothorax", 1.0),
}
PLAIN = {
    "bones": "Normal.",
    "chest wall": "Normal.",
    "lines and tubes": "None.",
    "soft tissues": "Unremarkable.",
}


def labels(report, rules):
    reading = ReportReader(section_rules=rules).read(report)
    values = zip(CHEXPERT, chexpert_labels(reading), strict=True)
    return {name: value for name, value in values if not math.isnan(value)}


def form(*lines, opening=" FINDINGS:\n", indent=" "):
    body = "".join(f"{indent}{name.upper()}: {said}\n" for name, said in lines)
    return f" FINAL REPORT\n INDICATION: Cough.\n \n{opening}{body} \n IMPRESSION: As above.\n"


@pytest.mark.parametrize("opening", [" FINDINGS:\n", " FINDINGS: Two views.\n", "FINDINGS:\n", ""])
@pytest.mark.parametrize("indent", [" ", "", "   "])
@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("beside", PLAIN)
@pytest.mark.parametrize("name", LINES)
def test_the_lines_of_a_form_in_capitals_are_findings(name, beside, rules, indent, opening):
    said, label, value = LINES[name]
    for lines in permutations([(name, said), (beside, PLAIN[beside])]):
        assert labels(form(*lines, opening=opening, indent=indent), rules)[label] == value


@pytest.mark.parametrize("rules", RULES)
def test_a_form_is_one_section_and_keeps_its_labels(rules):
    report = form(("lungs", "Clear."), ("pleura", "No effusion."), ("bones", "Normal."))
    reading = ReportReader(section_rules=rules).read(report)
    (findings,) = (s for s in reading.sections if s.name == "findings")
    told = report[findings.start : findings.end].split("\n")
    assert [line.strip() for line in told] == ["LUNGS: Clear.", "PLEURA: No effusion.", "BONES: Normal."]
    assert counting_sections(reading) == {"findings", "impression"}


@pytest.mark.parametrize(
    "header", ["WET READ", "NOTIFICATION", "RECOMMENDATION", "ABDOMEN", "HISTORY OF LUNG DISEASE"]
)
def test_other_headers_stay_headers(header):
    report = f" FINAL REPORT\n FINDINGS: Clear.\n \n {header}: Something.\n \n IMPRESSION: Normal.\n"
    sections = split_sections(report)
    assert tuple(join_form_parts(report, sections)) == sections


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Lungs: Clear.", "Lungs: "),
        ("LUNGS AND AIRWAYS:  Clear.", "LUNGS AND AIRWAYS:  "),
        ("Pleural space: None.", "Pleural space: "),
        ("Lungs/pleura: Clear.", "Lungs/pleura: "),
        ("Heart size: 5 cm.", ""),
        ("Comment: Normal.", ""),
        ("The lungs are clear.", ""),
    ],
)
def test_the_label_of_a_line_is_known(text, label):
    assert text[: label_length(text)] == label


@pytest.mark.parametrize("mark", [":", " -"])
def test_each_line_of_a_form_is_a_sentence_of_its_own(mark):
    report = f"Lungs{mark} clear\n Heart{mark} mildly enlarged\n Pleura{mark} small left effusion\n with a meniscus"
    texts = [s.text for s in ReportReader().read(report).sentences]
    assert texts == [
        f"Lungs{mark} clear",
        f"Heart{mark} mildly enlarged",
        f"Pleura{mark} small left effusion\n with a meniscus",
    ]
