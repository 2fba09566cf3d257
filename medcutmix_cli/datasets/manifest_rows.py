"""Rows of a table file as dictionaries of plain values, whatever the format. Knows no column's meaning.

CSV with any delimiter, TSV, JSON, JSON Lines, Parquet; text files gzipped or not.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from medcutmix_cli.datasets.class_labels import class_names, with_class_names
from medcutmix_cli.datasets.embedded_pictures import is_picture_type, read_embedded
from medcutmix_cli.datasets.tables import explain_table_errors, open_rows, open_table, read_header
from medcutmix_cli.errors import DatasetError, cause
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS
from medcutmix_cli.system.regular_files import check_regular

SUFFIXES = (
    *(".csv", ".csv.gz", ".tsv", ".tsv.gz"),
    *(".json", ".json.gz", ".jsonl", ".jsonl.gz", ".parquet"),
)

DELIMITERS = ",\t;|"
"""What may divide the cells of a CSV file: the one that divides its header into most cells, the first of equals."""

Row = dict[str, Any]


def suffix_of(path: Path) -> str:
    """Return the one of `SUFFIXES` that the name ends with, or ""."""
    return next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")


def columns_of(path: Path) -> list[str]:
    """Return the columns of the file; of JSON, the keys of its rows."""
    return TableFile(path).columns


def rows_of(path: Path, columns: list[str]) -> Iterator[tuple[int, Row]]:
    """Yield (row number from 1, values of `columns`); a column that a row has not is None.

    Raises:
        DatasetError: The file is damaged; the error says at which line.
    """
    return TableFile(path).rows(columns)


@dataclass(frozen=True)
class TableFile:
    """One file, by its suffix.

    Attributes:
        path: Its name ends with one of `SUFFIXES`.
    """

    path: Path

    @property
    def _format(self) -> str:
        return suffix_of(self.path).removesuffix(".gz").lstrip(".")

    @cached_property
    def columns(self) -> list[str]:
        """The columns, in their order; of JSON Lines, the keys of the first row.

        Raises:
            DatasetError: The file is damaged, or not what its name says.
        """
        if self._format == "parquet":
            with _parquet(self.path) as file:
                return list(file.schema_arrow.names)
        if self._format == "json":
            return list(dict.fromkeys(name for row in self._objects for name in row))
        with explain_table_errors(self.path), open_table(self.path) as text:
            if self._format == "jsonl":
                return list(_object(self.path, 1, text.readline()))
            return read_header(csv.reader(text, delimiter=self.delimiter))

    @cached_property
    def pictures(self) -> frozenset[str]:
        """Columns whose pictures stand in the table itself."""
        if self._format != "parquet":
            return frozenset()
        with _parquet(self.path) as file:
            return frozenset(entry.name for entry in file.schema_arrow if is_picture_type(entry.type))

    def footer_sha256(self) -> str:
        """Return the sha256 of the footer of a Parquet file (Parquet format, "File Format": length, then PAR1)."""
        with self.path.open("rb") as file:
            file.seek(-8, 2)
            length = int.from_bytes(file.read(4), "little")
            file.seek(-8 - length, 2)
            return hashlib.sha256(file.read(length)).hexdigest()

    @cached_property
    def delimiter(self) -> str:
        """What divides the cells of a CSV or TSV file."""
        if self._format == "tsv":
            return "\t"
        with explain_table_errors(self.path), open_table(self.path) as text:
            bare = re.sub(r'"[^"]*"', "", next(filter(str.strip, text), ""))
        return max(DELIMITERS, key=bare.count)

    def rows(self, columns: list[str]) -> Iterator[tuple[int, Row]]:
        """Yield rows (see `rows_of`); a cell of pictures is an `EmbeddedPicture`, a path or None."""
        for number, row in enumerate(self._rows(columns), start=1):
            yield number, {name: row.get(name) for name in columns}

    def _rows(self, columns: list[str]) -> Iterator[Row]:
        if self._format == "parquet":
            return _parquet_rows(self.path, columns)
        if self._format == "json":
            return iter(self._objects)
        return self._lines() if self._format == "jsonl" else self._cells()

    def _cells(self) -> Iterator[Row]:
        with open_rows(self.path, self.delimiter) as (header, rows):
            for _, cells in rows:
                yield dict(zip(header, cells, strict=True))

    def _lines(self) -> Iterator[Row]:
        with explain_table_errors(self.path), open_table(self.path) as text:
            for number, line in enumerate(text, start=1):
                if line.strip():
                    yield _object(self.path, number, line)

    @cached_property
    def _objects(self) -> list[Row]:
        with explain_table_errors(self.path), open_table(self.path) as text:
            return json_rows(self.path, text.read())


def json_rows(path: Path, text: str) -> list[Row]:
    """Return the rows of a JSON document: a list of objects, or lists by split as `annotation.json` of R2Gen has them.

    Raises:
        DatasetError: It is neither.
    """
    try:
        found = _loads(text)
    except ValueError as error:
        where = f"{path.name}, line {getattr(error, 'lineno', 1)}"
        raise DatasetError(
            "the file is not valid JSON",
            where=where,
            hint="is it whole? a list of objects, or one object a line in a .jsonl",
        ) from None
    if isinstance(found, Mapping) and found and all(isinstance(rows, list) for rows in found.values()):
        parts = [(name, row) for name, rows in found.items() for row in rows]
    else:
        parts = [("", row) for row in found] if isinstance(found, list) else [("", None)]
    for number, (_, row) in enumerate(parts, start=1):
        if not isinstance(row, dict):
            what = "the file is no list of objects, nor lists of them by split"
            raise DatasetError(what, where=f"{path.name}, row {number}", hint="mend the row, or take it out")
    return [{"split": name, **row} if name else row for name, row in parts]


def _loads(text: str) -> Any:
    """Return what a JSON text says.

    Raises:
        ValueError: It says nothing: it is no JSON, nested without end, or has halves of characters.
    """
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if "\\ud" in text or "\\uD" in text:
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _object(path: Path, number: int, line: str) -> Row:
    try:
        found = _loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DatasetError(
            "a line is not a JSON object",
            where=f"{path.name}, line {number}",
            hint="each line of a .jsonl is one object in braces",
        )
    return found


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        check_regular(path)
        return pq.ParquetFile(path)
    except ARROW_ERRORS as error:
        raise DatasetError(
            f"this is not a Parquet file ({cause(error)})",
            where=str(path),
            hint="is it whole? download or write it again",
        ) from error


def _parquet_rows(path: Path, columns: list[str]) -> Iterator[Row]:
    with _parquet(path) as file:
        try:
            schema = file.schema_arrow
            known = [name for name in columns if name in schema.names]
            pictures = [name for name in known if is_picture_type(schema.field(name).type)]
            found = [read_embedded(file, name) for name in pictures]
            others = [name for name in known if name not in pictures]
            names = class_names(schema)
            for at, row in enumerate(_plain_rows(file, others)):
                yield with_class_names(row, names, path.name) | {
                    name: cells[at] for name, cells in zip(pictures, found, strict=True)
                }
        except ARROW_ERRORS as error:
            what = f"the Parquet file is damaged ({cause(error)})"
            raise DatasetError(
                what, where=str(path), hint="write the table again, each column once"
            ) from error


def _plain_rows(file: pq.ParquetFile, columns: list[str]) -> Iterator[Row]:
    if not columns:
        yield from ({} for _ in range(file.metadata.num_rows))
        return
    for batch in file.iter_batches(batch_size=4096, columns=columns):
        yield from batch.to_pylist()
