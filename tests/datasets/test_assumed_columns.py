import json

import pytest

from medcutmix_cli.datasets.assumed_columns import assume_columns
from medcutmix_cli.datasets.manifest import Manifest
from medcutmix_cli.datasets.table_survey import survey_tables

ROW = {"image": "1.jpg", "report": "The heart is of normal size, no more.", "subject": "p", "split": "train"}
ODD = {"image": "q1", "report": "q2", "subject": "pat_nr", "split": "q4"}


def assumed(folder, row, **options):
    path = folder / "t.jsonl"
    path.write_text(json.dumps(row) + "\n")
    dataset = Manifest(path, **options)
    return assume_columns(dataset, survey_tables(dataset))


@pytest.mark.parametrize("role", sorted(ODD))
@pytest.mark.parametrize("said", [False, True], ids=["unsaid", "typo"])
def test_what_looks_like_a_missing_role_is_assumed_and_what_was_said_stays(tmp_path, role, said):
    row = {ODD[name] if name == role else name: value for name, value in ROW.items()} | {"where": "PA"}
    columns = {"view": "where"} | ({role: "typo"} if said else {})
    found = assumed(tmp_path, row, columns=columns)
    assert found.columns == {"view": "where", role: ODD[role]}
    assert (found.split, found.options) == ("", f"--column {role}={ODD[role]}")


def test_where_nothing_says_the_split_all_rows_are_of_train(tmp_path):
    row = {name: value for name, value in ROW.items() if name != "split"}
    found = assumed(tmp_path, row)
    assert (found.columns, found.split, found.options) == ({}, "train", "--split-all train")


@pytest.mark.parametrize("owner", ["study", "image"])
def test_where_nothing_says_the_patient_each_study_or_picture_is_one(tmp_path, owner):
    row = {name: value for name, value in ROW.items() if name != "subject"}
    assert assumed(tmp_path, row | ({"study": "s"} if owner == "study" else {})).columns == {"subject": owner}


@pytest.mark.parametrize("role", ["image", "report"])
def test_a_role_that_nothing_looks_like_is_not_assumed(tmp_path, role):
    row = {name: value for name, value in ROW.items() if name != role}
    assert assumed(tmp_path, row | {"q7": "x"}) is None


def test_a_sections_column_that_is_not_there_is_looked_for_as_a_report(tmp_path):
    row = {"q2" if name == "report" else name: value for name, value in ROW.items()}
    found = assumed(tmp_path, row, columns={"findings": "typo"})
    assert found.columns == {"report": "q2"}


def test_an_option_can_be_typed_over_as_it_is_told(tmp_path):
    row = {"my scan" if name == "image" else name: value for name, value in ROW.items()}
    assert assumed(tmp_path, row).options == "--column 'image=my scan'"


@pytest.mark.parametrize("role", ["study", "view"])
@pytest.mark.parametrize("lacking", [False, True])
def test_a_study_or_view_that_looks_like_one_is_assumed_as_well(tmp_path, role, lacking):
    column, value = {"study": ("case_nr", "c"), "view": ("q7", "PA")}[role]
    row = {"q1" if name == "image" and lacking else name: cell for name, cell in ROW.items()} | {
        column: value
    }
    assert assumed(tmp_path, row).columns == {role: column} | ({"image": "q1"} if lacking else {})


def test_where_nothing_is_lacking_nothing_is_assumed(tmp_path):
    assert assumed(tmp_path, ROW) is None
