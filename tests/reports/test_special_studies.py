import pytest

from medcutmix_cli.reports.labels import counting_sections
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import table

SAYS = "Small effusion is seen."
UNDER_TECHNIQUE = f" FINAL REPORT\n INDICATION: Cough.\n \n TECHNIQUE: {SAYS}\n"


def shown(report, study_id, rules="mimic-official"):
    reading = ReportReader(rules).read(report, study_id)
    section = reading.section("findings")
    return report[section.start : section.end] if section else None


@pytest.mark.parametrize("study_id", ["59279892", "s59279892"])
def test_a_forced_section_is_what_the_study_shows(study_id):
    assert shown(UNDER_TECHNIQUE, study_id) == SAYS
    assert counting_sections(ReportReader().read(UNDER_TECHNIQUE, study_id)) == {"findings"}


@pytest.mark.parametrize(
    ("report", "study_id", "rules"),
    [
        pytest.param(UNDER_TECHNIQUE, "1", "mimic-official", id="any-other-study"),
        pytest.param(UNDER_TECHNIQUE, "", "mimic-official", id="no-id"),
        pytest.param(UNDER_TECHNIQUE, "59279892", "strict", id="strict-rules"),
        pytest.param("x\n INDICATION: Cough.\n", "59279892", "mimic-official", id="no-such-section"),
    ],
)
def test_sections_stay_where_the_rule_does_not_fit(report, study_id, rules):
    assert shown(report, study_id, rules) is None


def test_a_report_that_has_findings_keeps_them():
    report = "x\n INDICATION: Cough.\n \n FINDINGS: Clear.\n"
    assert shown(report, "57936451") == "Clear."


def test_forced_characters_are_cut_out_of_the_section_they_lie_in():
    body = "word " * 78 + "a"
    report = f" FINAL REPORT\n INDICATION: {'x' * 30} ".ljust(59)[:59] + body + " The end.\n"
    start, end = table("special_studies")["characters"]["59505494"]
    reading = ReportReader().read(report, "59505494")
    found = reading.section("findings")
    assert start <= found.start
    assert found.end <= end
    assert [s.name for s in reading.sections] == ["preamble", "indication", "findings", "indication"]
    assert all(a.end <= b.start for a, b in zip(reading.sections, reading.sections[1:], strict=False))


def test_characters_that_would_cut_a_word_are_another_text():
    report = " FINAL REPORT\n INDICATION: " + "x" * 600
    assert shown(report, "59505494") is None


def test_a_study_that_shows_nothing_has_no_sections():
    assert ReportReader().read("x\n INDICATION: Cough.\n", "58235663").sections == ()


def test_the_table_has_what_was_published():
    rules = table("special_studies")
    assert sum(map(len, rules["section"].values())) == 23
    assert len(rules["characters"]) + len(rules["nothing"]["studies"]) == 31
    assert all(0 <= start < end for start, end in rules["characters"].values())
