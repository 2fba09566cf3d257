import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.datasets.table_survey import GUESSES
from medcutmix_cli.errors import DatasetError
from tests.released_trees import write_open_i_csv
from tests.trees import write_manifest

TEXT = "There is a small right pleural effusion of Mr Someone."


def table(folder, studies=24, **cells):
    """Write a table of two studies a patient; a cell that is a function is asked with the number of its row."""
    write_manifest(folder, studies)
    path = folder / "manifest.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for number, row in enumerate(rows):
        row["subject"] = f"p{number // 2}"
        row |= {name: cell(number) if callable(cell) else cell for name, cell in cells.items()}
    path.write_text(
        "".join(json.dumps({k: v for k, v in row.items() if v is not ...}) + "\n" for row in rows)
    )
    return path


def told(check):
    return [f"{problem.what} | {problem.hint}" for problem in check.problems]


def test_a_good_table_has_no_problem(tmp_path):
    check = check_dataset(table(tmp_path))
    assert told(check) == []
    assert check.ok
    assert (check.kind, check.rows, check.studies, check.patients, check.usable) == (
        "manifest",
        24,
        24,
        12,
        24,
    )
    assert (check.decoded, check.undecoded, check.dropped) == (16, (), ())
    assert {use.role: use.why for use in check.columns}["subject"] == "its name"


@pytest.mark.parametrize(
    ("role", "value", "meaning"),
    [
        (role, name, meaning)
        for role, own in GUESSES.items()
        for meaning, names in own.items()
        for name in names
    ],
)
def test_a_value_that_leaves_rows_out_is_told_with_the_option_that_maps_it(tmp_path, role, value, meaning):
    path = table(
        tmp_path, 8, **{role: lambda n: value if n % 4 == 0 else {"view": "PA", "split": "train"}[role]}
    )
    check = check_dataset(path)
    (found,) = check.values
    assert (found.role, found.value, found.rows) == (role, value, 2)
    assert meaning in found.option
    assert any("2 rows are left out | --map" in line for line in told(check))
    assert check.ok
    mapped = check_dataset(path, maps={f"{role}:{value}": meaning})
    assert not mapped.values


def test_all_that_is_missing_is_one_list(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    check = check_dataset(tmp_path / "t.csv")
    assert not check.ok
    assert [line.partition("'")[2].partition("'")[0] for line in told(check)] == [
        "image",
        "subject",
        "report",
        "split",
    ]


def test_cells_of_a_wrong_type_are_counted_by_column_without_what_they_say(tmp_path):
    path = table(
        tmp_path, 8, subject=lambda n: [TEXT] if n % 2 else "p", view=lambda n: True if n < 3 else "PA"
    )
    check = check_dataset(path)
    assert not check.ok
    cells = [line for line in told(check) if "rows; the first" in line]
    assert sorted(line.partition(" (")[2][:30] for line in cells) == [
        "2 rows; the first: manifest.js",
        "4 rows; the first: manifest.js",
    ]
    assert "Someone" not in str(check)


def test_a_column_of_texts_is_never_listed_as_values(tmp_path):
    check = check_dataset(table(tmp_path, 8, view=TEXT))
    assert "values that are none" in told(check)[1]
    assert "Someone" not in str(check)


def test_a_patient_in_every_row_makes_the_patient_rule_void(tmp_path):
    assert any(
        "patient of its own" in line
        for line in told(check_dataset(table(tmp_path, subject=lambda n: f"p{n}")))
    )
    few = check_dataset(table(tmp_path / "few", 12, subject=lambda n: f"p{n}"))
    assert told(few) == []


def test_reports_without_text_and_missing_views_are_told(tmp_path):
    lines = told(check_dataset(table(tmp_path, 8, report=lambda n: "" if n < 2 else "Clear.", view=...)))
    assert any(line.startswith("no study can be mixed") for line in lines)
    assert any("no view is said in 8 rows" in line and "--view-all PA" in line for line in lines)
    assert any("2 studies are left out: report-empty" in line for line in lines)
    assert check_dataset(tmp_path / "manifest.jsonl", view_all="AP").usable == 6


def test_pictures_that_cannot_be_read_are_told_by_reason(tmp_path):
    path = table(tmp_path, 8)
    (tmp_path / "3.jpg").unlink()
    (tmp_path / "4.jpg").write_bytes(b"GIF89a")
    check = check_dataset(path)
    assert (check.decoded, dict(check.undecoded)) == (6, {"image-missing": 1, "image-format-unknown": 1})
    assert check.ok
    for picture in tmp_path.glob("*.jpg"):
        picture.unlink()
    assert not check_dataset(path).ok


def test_pictures_in_the_table_are_decoded_too(tmp_path):
    rows = [json.loads(line) for line in table(tmp_path, 8).read_text().splitlines()]
    for row in rows:
        row["image"] = {"bytes": (tmp_path / row["image"]).read_bytes(), "path": None}
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    check = check_dataset(tmp_path / "t.parquet")
    assert (told(check), check.decoded) == ([], 8)


def test_a_data_set_without_tables_of_its_own_is_checked_as_well(tmp_path):
    with pytest.raises(DatasetError):
        check_dataset(tmp_path)


def test_what_somebody_chose_is_no_problem_and_a_reason_is_told_once(tmp_path):
    path = table(
        tmp_path, 8, split=lambda n: "test" if n < 2 else "train", view=lambda n: "" if n == 4 else "PA"
    )
    check = check_dataset(path)
    assert dict(check.dropped) == {"split-not-mixed:test": 2, "view-unknown": 1}
    assert [line.partition(" |")[0] for line in told(check)] == [
        "no view is said in 1 row, which is left out"
    ]


def test_a_table_of_a_published_set_leads_to_its_folder(tmp_path):
    table = write_open_i_csv(tmp_path) / "indiana_reports.csv"
    check = check_dataset(table)
    assert not check.ok
    assert (
        told(check)[0]
        == f"this is a table of open-i, which is read by its folder | give the folder instead: {tmp_path}"
    )
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "t.csv").write_text("a,b\n1,2\n")
    assert not any("read by its folder" in line for line in told(check_dataset(tmp_path / "own" / "t.csv")))
