"""Every reader of a table that a person brings: what is odd in it is one error that says where, or counted."""

import gzip
from pathlib import Path

import pytest

from medcutmix_cli.datasets.label_table import read_label_table
from medcutmix_cli.datasets.tables import read_columns
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.evaluation.gold import read_gold, read_texts

READERS = {
    "labels": (read_label_table, "study_id,Edema,Pneumonia", "1,1,0"),
    "gold": (read_gold, "study_id,Edema,Pneumonia", "1,1,0"),
    "texts": (read_texts, "study_id,findings,impression", "1,Clear.,Clear."),
    "columns": (lambda path: list(read_columns(path, ["a", "b"])), "a,b,c", "1,2,3"),
}
WITH_ID = [name for name in READERS if name != "columns"]


def write(folder, name, *rows, end="\n", start=b"", suffix=".csv") -> Path:
    _, header, _ = READERS[name]
    content = start + (end.join((header, *rows)) + end).encode()
    path = folder / f"table{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("row", "cells"), [("2,1", 2), ("2", 1), ("2,1,0,0", 4)], ids=["short", "alone", "long"]
)
def test_a_row_of_another_length_is_one_error_with_its_line(tmp_path, name, row, cells):
    read, _, good = READERS[name]
    with pytest.raises(DatasetError, match=f"a row has {cells} columns instead of 3") as caught:
        read(write(tmp_path, name, good, row))
    assert caught.value.where == "table.csv, line 3"
    assert "comma" in caught.value.hint


@pytest.mark.parametrize("name", WITH_ID)
@pytest.mark.parametrize("blank", ["", "  "], ids=["nothing", "spaces"])
def test_a_row_without_its_id_is_one_error_with_its_line(tmp_path, name, blank):
    read, _, good = READERS[name]
    with pytest.raises(DatasetError, match="a row has no study_id") as caught:
        read(write(tmp_path, name, good, f"{blank}{good[1:]}"))
    assert caught.value.where == "table.csv, line 3"


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"end": "\r\n"}, id="windows-line-ends"),
        pytest.param({"start": b"\xef\xbb\xbf"}, id="byte-order-mark"),
        pytest.param({"suffix": ".csv.gz"}, id="gzipped"),
    ],
)
def test_a_table_in_another_dress_reads_the_same(tmp_path, name, how):
    read, _, good = READERS[name]
    plain = read(write(tmp_path, name, good, "", f"2{good[1:]}"))
    dressed = read(write(tmp_path, name, good, f"2{good[1:]}", **how))
    assert vars_of(plain) == vars_of(dressed)
    assert vars_of(plain)


def vars_of(found):
    return (
        found if isinstance(found, dict | list) else found.by_key if hasattr(found, "by_key") else found.rows
    )


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "column", id="empty"),
        pytest.param(b"other,names\n1,2\n", "column", id="no-such-column"),
        pytest.param(b"\xff\xfe\x00", "not UTF-8", id="another-encoding"),
    ],
)
def test_a_file_that_is_no_such_table_is_one_error(tmp_path, name, content, said):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=said):
        READERS[name][0](path)
