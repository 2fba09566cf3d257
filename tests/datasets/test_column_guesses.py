"""Columns of any name, with cells of each kind: what is guessed of them, and what is never guessed."""

import csv

import pytest

from medcutmix_cli.datasets.column_guesses import guess_columns
from medcutmix_cli.datasets.manifest import TableSource
from tests.own_trees import rows_of, table_of, write_parquet

TEXT = "There is a small right pleural effusion. The heart of Mr Someone is of normal size."
CELLS = {
    "image": (
        lambda n: f"{n}.jpg",
        lambda n: f"deep/er/{n}.PNG",
        lambda n: f"{n}.dcm" if n % 9 else "",
    ),
    "split": (
        lambda n: ("train", "val", "test")[n % 3],
        lambda n: ("Train", "Dev")[n % 2],
        lambda n: "training set",
    ),
    "view": (
        lambda n: ("PA", "Lat")[n % 2],
        lambda n: ("frontal", "lateral", "odd")[n % 3],
        lambda n: "AP" if n % 5 else "",
    ),
    "report": (lambda n: f"{TEXT} {n}", lambda n: TEXT if n % 9 else ""),
}
"""Role -> cells by the number of the row; the column's name says nothing."""

NAMES = {
    "subject": ("pat_nr", "PatNo", "PID", "MRN", "patient_number", "anon_patientid", "person", "SubjectKey"),
    "study": ("study_nr", "ExamNo", "case", "accession_nr", "visit_number", "StudyKey", "encounter_id"),
}
NEVER = (
    *("age", "PatientAge", "patient_sex", "PatientName", "patient_birth_date", "study_date", "StudyTime"),
    *("study_description", "exam_type", "visit_date", "example", "lowercase", "rapid", "stupid", "cost"),
)
OTHER = {
    "laterality": lambda n: "LR"[n % 2],
    "sex": lambda n: "MF"[n % 2],
    "age": str,
    "dose": lambda n: f"{n}.5",
    "note": lambda n: "ok",
    "link": lambda n: f"{n}.html",
    "lab": lambda n: ("test", "blood", "urine")[n % 3],
    "blank": lambda n: "",
}


def write_table(folder, rows=30, **columns):
    path = folder / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows([cell(number) for cell in columns.values()] for number in range(rows))
    return TableSource(path)


def guessed(source):
    return guess_columns(source, source.columns, ("image", "split", "view", "subject", "study", "report"))


@pytest.mark.parametrize("role", sorted(CELLS))
def test_what_cells_look_like_is_guessed_whatever_the_name(tmp_path, role):
    for cell in CELLS[role]:
        assert guessed(write_table(tmp_path, q7=cell, **OTHER)) == {role: "q7"}


@pytest.mark.parametrize(("role", "name"), [(role, name) for role in NAMES for name in NAMES[role]])
@pytest.mark.parametrize("cell", [lambda n: f"p{n // 3}", str], ids=["repeats", "numbers"])
def test_an_id_is_guessed_by_its_name(tmp_path, role, name, cell):
    assert guessed(write_table(tmp_path, **{name: cell}, **OTHER)) == {role: name}


@pytest.mark.parametrize("name", NEVER)
def test_what_is_said_of_a_patient_or_study_is_not_its_id(tmp_path, name):
    assert guessed(write_table(tmp_path, **{name: lambda n: f"p{n // 3}"})) == {}


@pytest.mark.parametrize("name", sorted(name for own in NAMES.values() for name in own))
@pytest.mark.parametrize(
    "cell", [lambda n: TEXT, lambda n: "", lambda n: "one"], ids=["text", "blank", "same"]
)
def test_a_column_of_texts_or_of_nothing_is_no_id(tmp_path, name, cell):
    assert set(guessed(write_table(tmp_path, **{name: cell}))) <= {"report"}


def test_of_several_the_one_whose_name_says_it_is_first(tmp_path):
    ids = {name: lambda n: f"p{n}" for name in ("patient_group", "patient_nr", "patient")}
    assert guessed(write_table(tmp_path, **ids)) == {"subject": "patient_nr"}
    texts = {"history": lambda n: TEXT * 3, "befund": lambda n: TEXT}
    assert guessed(write_table(tmp_path, **texts)) == {"report": "befund"}


def test_no_column_is_guessed_twice_and_only_what_is_wanted(tmp_path):
    whole = {"a": CELLS["image"][0], "b": CELLS["report"][0], "c": CELLS["split"][0], "pat": str, "case": str}
    source = write_table(tmp_path, **whole)
    assert guessed(source) == {"image": "a", "report": "b", "split": "c", "subject": "pat", "study": "case"}
    assert guess_columns(source, source.columns, ("image",)) == {"image": "a"}
    assert guess_columns(source, ["b"], ("image", "subject")) == {}


@pytest.mark.parametrize("plain", [False, True], ids=["with-names", "plain-bytes"])
def test_embedded_pictures_are_guessed_unread(tmp_path, plain):
    rows = rows_of(tmp_path / "p", 4)
    table = table_of(rows, plain=plain).rename_columns(["jpg", "text", "who", "what", "where"])
    source = TableSource(write_parquet(tmp_path / "t.parquet", table))
    assert guess_columns(source, ["jpg", "who"], ("image", "subject")) == {"image": "jpg"}


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_of_hardly_any_rows_is_looked_at_too(tmp_path, rows):
    found = guessed(write_table(tmp_path, rows, a=CELLS["image"][0], patient_nr=str))
    assert found == ({"image": "a", "subject": "patient_nr"} if rows else {})
