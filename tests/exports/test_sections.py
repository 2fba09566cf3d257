import csv

import pytest

from medcutmix_cli.errors import DatasetError, RunError, UsageError
from medcutmix_cli.exports.sections import COLUMNS, export_sections, section_record
from tests.builders import make_study
from tests.mimic_trees import Tree

REPORT = (
    " FINAL REPORT\n EXAMINATION:  CHEST\n \n COMPARISON:  None.\n \n FINDINGS:\n\n The lungs\n are clear.\n \n"
    ' IMPRESSION:  "Normal," again.\n'
)


@pytest.fixture
def tree(tmp_path):
    reports = {
        "10000001/50000001": REPORT.encode(),
        "10000001/50000002": b" FINAL REPORT\n CHEST\n \n No effusion.\n",
        "10000002/50000003": b"",
    }
    return Tree(reports=reports).write(tmp_path / "data")


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return {row["study"]: row for row in csv.DictReader(file)}


def test_the_table_has_the_published_columns_and_a_row_a_report(tree, tmp_path):
    summary = export_sections(tree, tmp_path / "s.csv")
    rows = read(tmp_path / "s.csv")
    assert COLUMNS == ("study", "impression", "findings", "last_paragraph", "comparison")
    assert list(rows) == ["s50000001", "s50000002"]
    assert rows["s50000001"] == {
        "study": "s50000001",
        "impression": '"Normal," again.',
        "findings": "The lungs\n are clear.",
        "last_paragraph": "",
        "comparison": "None.",
    }
    assert (summary.rows, summary.filled["findings"], summary.filled["last_paragraph"]) == (2, 1, 1)
    assert summary.dropped == {"report-empty": 1}


def test_of_several_sections_of_a_name_the_last_counts():
    report = " FINDINGS:  One.\n \n COMPARISON:  A.\n \n COMPARISON:  B.\n \n FINDINGS:  Two.\n"
    record = section_record(make_study(report=report), "mimic-official")
    assert (record["findings"], record["comparison"]) == ("Two.", "B.")


def test_a_folder_gets_the_file_by_its_usual_name(tree, tmp_path):
    out = tmp_path / "there"
    out.mkdir()
    export_sections(tree, out)
    assert [path.name for path in out.iterdir()] == ["mimic_cxr_sectioned.csv"]


def test_a_file_that_is_there_is_kept_unless_forced(tree, tmp_path):
    out = tmp_path / "s.csv"
    out.write_text("mine")
    with pytest.raises(RunError, match="is there"):
        export_sections(tree, out)
    assert out.read_text() == "mine"
    export_sections(tree, out, force=True)
    assert len(read(out)) == 2


def test_a_data_set_that_cannot_be_read_leaves_no_file(tmp_path):
    with pytest.raises(DatasetError):
        export_sections(tmp_path / "nowhere", tmp_path / "s.csv")
    assert list(tmp_path.iterdir()) == []


def test_there_are_no_other_rules_for_sections(tree, tmp_path):
    with pytest.raises(UsageError):
        export_sections(tree, tmp_path / "s.csv", section_rules="guess")
