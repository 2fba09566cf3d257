"""The sentences on a table's columns and values: what is wrong, in how many rows, and what to type."""

import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.datasets.value_guesses import GUESSES
from tests.own_trees import told_problems, write_cells

TEXT = "There is a small right pleural effusion of Mr Someone."


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
    path = write_cells(
        tmp_path, 8, **{role: lambda n: value if n % 4 == 0 else {"view": "PA", "split": "train"}[role]}
    )
    check = check_dataset(path)
    (found,) = check.values
    assert (found.role, found.value, found.rows) == (role, value, 2)
    assert meaning in found.option
    assert any("2 rows are left out | --map" in line for line in told_problems(check))
    assert check.ok
    mapped = check_dataset(path, maps={f"{role}:{value}": meaning})
    assert not mapped.values


def test_cells_of_a_wrong_type_are_counted_by_column_without_what_they_say(tmp_path):
    path = write_cells(
        tmp_path, 8, subject=lambda n: [TEXT] if n % 2 else "p", view=lambda n: True if n < 3 else "PA"
    )
    check = check_dataset(path)
    assert not check.ok
    cells = [line for line in told_problems(check) if "rows; the first" in line]
    assert sorted(line.partition(" (")[2][:30] for line in cells) == [
        "2 rows; the first: manifest.js",
        "4 rows; the first: manifest.js",
    ]
    assert "Someone" not in str(check)


def test_a_column_of_texts_is_never_listed_as_values(tmp_path):
    check = check_dataset(write_cells(tmp_path, 8, view=TEXT))
    assert "values that are none" in told_problems(check)[1]
    assert "Someone" not in str(check)


@pytest.mark.parametrize("role", ["study", "view"])
def test_an_unused_column_that_looks_like_a_role_is_named(tmp_path, role):
    other = {"study": {"study": ..., "case_nr": lambda n: f"c{n // 2}"}, "view": {"view": ..., "q7": "PA"}}[
        role
    ]
    column = {"study": "case_nr", "view": "q7"}[role]
    path = write_cells(tmp_path, report="Clear.", **other)
    assert any(f"--column {role}={column}" in line for line in told_problems(check_dataset(path)))
    assert told_problems(check_dataset(path, columns={role: column})) == []
