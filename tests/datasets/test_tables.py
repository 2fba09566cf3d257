from __future__ import annotations

import csv
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.datasets.tables import read_columns
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
