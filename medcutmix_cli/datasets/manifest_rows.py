"""Rows of a CSV, JSON Lines or Parquet file as dictionaries of plain values. Knows no column's meaning."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.datasets.tables import explain_table_errors, open_table
from medcutmix_cli.errors import DatasetError

SUFFIXES = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")

Row = dict[str, Any]


def suffix_of(path: Path) -> str:
    """Return the one of `SUFFIXES` that the name ends with, or ""."""
    return next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")


def columns_of(path: Path) -> list[str]:
    """Return the columns of the file; of JSON Lines, the keys of the first row."""
    if suffix_of(path) == ".parquet":
        with _parquet(path) as file:
            return list(file.schema_arrow.names)
    with explain_table_errors(path), open_table(path) as text:
        if suffix_of(path).startswith(".csv"):
            return next(csv.reader(text), [])
        return list(_object(path, 1, text.readline()))


def rows_of(path: Path, columns: list[str]) -> Iterator[tuple[int, Row]]:
    """Yield (row number from 1, values of `columns`); a column that a row has not is None.

    Raises:
        DatasetError: The file is damaged; the error says at which line.
    """
    source = _parquet_rows(path, columns) if suffix_of(path) == ".parquet" else _text_rows(path)
    for number, row in enumerate(source, start=1):
        yield number, {name: row.get(name) for name in columns}


def _text_rows(path: Path) -> Iterator[Row]:
    with explain_table_errors(path), open_table(path) as text:
        if suffix_of(path).startswith(".csv"):
            reader = csv.DictReader(text)
            for row in reader:
                if None in row or None in row.values():
                    raise DatasetError(
                        "a row has the wrong number of columns", where=f"{path.name}, line {reader.line_num}"
                    )
                yield dict(row)
            return
        for number, line in enumerate(text, start=1):
            if line.strip():
                yield _object(path, number, line)


def _object(path: Path, number: int, line: str) -> Row:
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise DatasetError("a line is not a JSON object", where=f"{path.name}, line {number}")
    return found


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"this is not a Parquet file ({type(error).__name__})", where=str(path)) from error


def _parquet_rows(path: Path, columns: list[str]) -> Iterator[Row]:
    with _parquet(path) as file:
        try:
            for batch in file.iter_batches(batch_size=4096, columns=columns):
                yield from batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            what = f"the Parquet file is damaged ({type(error).__name__})"
            raise DatasetError(what, where=str(path)) from error
