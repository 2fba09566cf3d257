from __future__ import annotations

import csv
import errno
import gzip
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.datasets.manifest_rows import columns_of, rows_of
from medcutmix_cli.datasets.tables import explain_table_errors, read_columns
from medcutmix_cli.errors import DatasetError


def test_columns_are_found_by_name_and_cells_are_stripped(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfone,two,three\r\n1, 2 ,3\r\n\r\n4,5,6\r\n")
    assert list(read_columns(tmp_path / "a.csv", ("three", "one"))) == [("3", "1"), ("6", "4")]


def test_a_long_report_is_read_and_the_limit_of_others_stays(tmp_path):
    before, report = csv.field_size_limit(), "long " * 40_000
    assert len(report) > before
    (tmp_path / "a.csv").write_text(f"one,two\n1,{report}\n2,short\n")
    rows = read_columns(tmp_path / "a.csv", ("one", "two"))
    assert next(rows) == ("1", report.strip())
    assert list(rows) == [("2", "short")]
    assert csv.field_size_limit() == before


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("one,two,one\n1,2,3\n")
    with pytest.raises(DatasetError, match="'one' is there 2 times"):
        list(read_columns(tmp_path / "a.csv", ("one", "two")))


@settings(max_examples=60)
@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_any_bytes_give_rows_or_a_dataset_error(tmp_path_factory, content, headed, packed):
    path = tmp_path_factory.mktemp("any") / ("a.csv.gz" if packed else "a.csv")
    content = b"one,two\n" + content if headed else content
    path.write_bytes(gzip.compress(content) if packed else content)
    try:
        rows = list(read_columns(path, ("one", "two")))
    except DatasetError as error:
        assert path.name in error.where  # noqa: PT017 - either outcome is right
    else:
        assert all(len(row) == 2 for row in rows)


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        pytest.param("t.csv", "a,b\n1,2\n".encode("utf-16"), "utf-16", id="utf-16"),
        pytest.param("t.csv", b"\xfe\xff\0a\0,\0b", "utf-16", id="utf-16-big"),
        pytest.param("t.csv", gzip.compress(b"a,b\n1,2\n"), "it is gzipped", id="gzipped-without-the-name"),
        pytest.param("t.csv.gz", b"a,b\n1,2\n", "take the .gz off", id="not-gzipped-with-the-name"),
        pytest.param("t.csv", b"a,b\n\xe9,2\n", "cp1252", id="windows"),
        pytest.param("t.csv.gz", gzip.compress(b"a,b\n\xe9,2\n"), "cp1252", id="windows-gzipped"),
        pytest.param("t.csv.gz", gzip.compress(b"a,b\n1,2\n")[:-9], "download it again", id="torn"),
    ],
)
def test_what_to_try_goes_by_what_the_file_is(tmp_path, name, content, advice):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        list(read_columns(tmp_path / name, ["a", "b"]))
    assert advice in caught.value.hint


def test_a_table_that_may_not_be_read_is_no_torn_one(tmp_path):
    with pytest.raises(DatasetError) as caught, explain_table_errors(tmp_path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    assert caught.value.what == "the table cannot be read (permission denied)"
    assert caught.value.hint == "may you read it? ask whoever owns it"


@pytest.mark.parametrize("before", ["\n", "\n\n", "  \n", "\r\n"])
def test_blank_lines_before_the_header_and_among_the_rows_are_none(tmp_path, before):
    (tmp_path / "t.csv").write_text(f"{before}a;b\n1;2\n{before}3;4\n{before}", newline="")
    assert columns_of(tmp_path / "t.csv") == ["a", "b"]
    assert [row for _, row in rows_of(tmp_path / "t.csv", ["a", "b"])] == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": "4"},
    ]
    (tmp_path / "t.csv").write_text(f"{before}a,b\n1,2\n{before}", newline="")
    assert list(read_columns(tmp_path / "t.csv", ["a", "b"])) == [("1", "2")]


@pytest.mark.parametrize(("row", "cells"), [("1", 1), ("1,2,3", 3)])
def test_a_row_of_other_length_is_told_with_both_lengths_and_its_line(tmp_path, row, cells):
    (tmp_path / "t.csv").write_text(f'\na,b\n"1\n1",2\n{row}\n')
    with pytest.raises(DatasetError, match=f"a row has {cells} columns instead of 2") as caught:
        list(rows_of(tmp_path / "t.csv", ["a", "b"]))
    assert caught.value.where == "t.csv, line 5"
