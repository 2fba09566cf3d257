"""No cell that a spreadsheet runs without a word about it; and the same text back for who reads as a trainer does."""

import csv

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.formulas import begins_formula, escape_formula, has_formula_id
from medcutmix_cli.exports.row import plain_key
from medcutmix_cli.exports.tables import write_table
from tests.exports.rows import changed

FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://x","y")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "- No effusion.",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    "\n=1",
    "\uff1d1+1",
)
HARMLESS = ("No effusion.", "", "a\rb", "a\r\nb", "a=1", "(-)", "1-2", "'=1", "[-1]")


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_runs_is_seen_and_an_apostrophe_ends_it(text):
    assert begins_formula(text)
    assert not begins_formula(escape_formula(text))


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_none(text):
    assert not begins_formula(text)


@pytest.mark.parametrize(
    "name", ["subject_id", "study_id", "donor_subject_id", "donor_study_id", "view", "key"]
)
@pytest.mark.parametrize("text", FORMULAS)
def test_an_id_that_begins_a_formula_is_seen(name, text):
    assert has_formula_id(changed(0, **{name: text}))
    assert not has_formula_id(changed(0))


@given(st.text())
def test_a_key_never_begins_one(identifier):
    assert not begins_formula(plain_key(identifier))


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("escape", [False, True])
def test_readers_get_the_same_text_back_and_what_was_escaped_is_counted(tmp_path, delimiter, escape):
    files = PartFiles(tmp_path, "", "", escape)
    texts = [*FORMULAS, *HARMLESS]
    write_table(
        files, "t.csv", ({"text": text, "label": -1.0} for text in texts), ("text", "label"), delimiter
    )
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as handle:
        read = [row["text"] for row in csv.DictReader(handle, delimiter=delimiter)]
    wanted = [escape_formula(text) if escape and begins_formula(text) else text for text in texts]
    assert read == wanted
    table = pd.read_csv(tmp_path / "t.csv", sep=delimiter, keep_default_na=False)
    assert list(table.text) == wanted
    assert files.formulas == len(FORMULAS)
    assert not (escape and any(map(begins_formula, read)))
    assert set(table.label) == {-1.0}
