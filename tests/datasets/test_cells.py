import datetime
from decimal import Decimal
from math import inf, nan

import pytest

from medcutmix_cli.datasets.cells import is_blank, read_text, read_word
from medcutmix_cli.errors import DatasetError

TEXT = "Small left effusion of Mr Someone"
ROLES = ["image", "report_path", "subject", "study", "image_id", "split", "view"]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        *((" p1 ", "p1"), (7, "7"), (12.0, "12"), (Decimal("50414267"), "50414267"), (0, "0"), (-3.0, "-3")),
        *((None, ""), (nan, ""), ("NaN", ""), ("  ", ""), (Decimal("NaN"), "")),
    ],
)
def test_a_word_is_read_as_it_was_meant(value, word):
    assert read_word(value, "subject", "patient", "t.csv, row 3") == word


@pytest.mark.parametrize("role", ["subject", "study", "image_id"])
@pytest.mark.parametrize("cell", ["10000032", "10000032.0", " 10000032.00 ", 10000032.0, 10000032])
def test_an_id_is_one_id_however_pandas_wrote_it(role, cell):
    assert read_word(cell, role, "c", "t.csv, row 3") == "10000032"


@pytest.mark.parametrize("cell", ["1.2.840.0", "7.5", "p7.0", "7.", ".0", "1e7"])
def test_what_only_looks_like_a_number_stays_as_it_is(cell):
    assert read_word(cell, "study", "c", "w") == cell


def test_of_words_that_are_no_ids_nothing_is_taken():
    assert read_word("7.0", "view", "c", "w") == read_word("7.0", "image", "c", "w") == "7.0"


@pytest.mark.parametrize("cell", ["NA", "N/A", "<NA>", "NULL", "None", "nan", " na ", "#N/A", "", "  "])
def test_what_r_and_pandas_write_for_an_empty_cell_is_blank(cell):
    assert is_blank(cell)
    assert read_word(cell, "subject", "c", "w") == read_text(cell, "report", "c", "w") == ""


@pytest.mark.parametrize("cell", ["None.", "NA 7", "Nathan", "no", "-", "unknown"])
def test_a_cell_with_anything_else_in_it_is_not_blank(cell):
    assert not is_blank(cell)
    assert read_word(cell, "subject", "c", "w") == read_text(cell, "report", "c", "w") == cell


OTHERS = [
    pytest.param(TEXT.encode(), "bytes", id="bytes"),
    pytest.param([TEXT], "a list", id="list"),
    pytest.param({"bytes": TEXT.encode(), "path": TEXT}, "an object", id="object"),
    pytest.param(True, "true or false", id="bool"),
    pytest.param(1.5, "not whole", id="fraction"),
    pytest.param(2.0**60, "not whole", id="inexact"),
    pytest.param(inf, "not whole", id="infinite"),
    pytest.param(datetime.date(2020, 1, 1), "a date", id="date"),
    pytest.param(f"{TEXT}\n", None, id="stripped"),
    pytest.param(f"{TEXT}\n.", "several lines", id="lines"),
    pytest.param(TEXT * 200, "6,600 characters", id="long"),
    pytest.param("{'bytes': b'...", "written out as text", id="pandas"),
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("value", "kind"), OTHERS)
def test_what_is_no_word_is_an_error_that_names_row_and_column_and_no_text(role, value, kind):
    if kind is None:
        assert read_word(value, role, "c", "w") == TEXT
        return
    with pytest.raises(DatasetError) as caught:
        read_word(value, role, "the column", "t.parquet, row 3")
    told = str(caught.value)
    assert kind in told
    assert "'the column'" in told
    assert "t.parquet, row 3" in told
    assert f"--column {role}=" in told
    assert "Someone" not in told


def test_a_path_may_be_longer_than_an_id():
    assert read_word("a/" * 200, "image", "c", "w") == "a/" * 200
    with pytest.raises(DatasetError, match="400 characters"):
        read_word("a/" * 200, "subject", "c", "w")


def test_a_report_is_untouched_or_blank():
    assert read_text(" One.\r\n", "report", "c", "w") == " One.\r\n"
    assert read_text(None, "report", "c", "w") == read_text(nan, "report", "c", "w") == ""


@pytest.mark.parametrize("value", [b"x", ["x"], {"text": "x"}, 7, 1.5, False])
def test_a_report_of_another_type_is_an_error(value):
    with pytest.raises(DatasetError, match=r"row 3.*--column report="):
        read_text(value, "report", "c", "t.csv, row 3")
