"""Read a few named columns of a CSV file, plain or gzipped, with errors that say file, line and column."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import filterfalse
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.errors import MAY_NOT_READ, DatasetError, cause, unreadable
from medcutmix_cli.system.file_hash import file_sha256
from medcutmix_cli.system.library_settings import HeldSetting
from medcutmix_cli.system.regular_files import IrregularFileError, check_regular
from medcutmix_cli.system.text_encodings import GZIP, not_utf8_hint

_LONG_FIELDS = HeldSetting(csv.field_size_limit, csv.field_size_limit, 1 << 26)
"""A report may stand in one field; the module's own limit of 128 KiB would end the run at a long one."""


def read_columns(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield each row's values of `columns` (two or more), stripped, in that order.

    Raises:
        DatasetError: A column is missing, a row has more or fewer of them, or the file cannot be read to its end.
    """
    with open_rows(path) as (header, rows):
        require_columns(path, header, columns)
        pick = itemgetter(*(header.index(column) for column in columns))
        for _, row in rows:
            yield tuple(map(str.strip, pick(row)))


@contextmanager
def open_rows(
    path: Path, delimiter: str = ","
) -> Iterator[tuple[list[str], Iterator[tuple[str, list[str]]]]]:
    """Open a table: its header, and each row with where it stands ("labels.csv, line 3"); blank lines are left out.

    Raises:
        DatasetError: A row has more or fewer cells than the header, or the file cannot be read to its end.
    """
    with explain_table_errors(path), open_table(path) as text:
        reader = csv.reader(text, delimiter=delimiter)
        header = read_header(reader)
        yield header, _whole_rows(path, reader, len(header))


def read_header(rows: Iterator[list[str]]) -> list[str]:
    """Return the first row that is no blank line; [] where there is none."""
    return next(filterfalse(_is_blank_line, rows), [])


def _is_blank_line(row: Sequence[str]) -> bool:
    return len(row) < 2 and not "".join(row).strip()


def _whole_rows(path: Path, reader: Any, cells: int) -> Iterator[tuple[str, list[str]]]:
    for row in filterfalse(_is_blank_line, reader):
        where = f"{path.name}, line {reader.line_num}"
        if len(row) != cells:
            what = f"a row has {len(row)} columns instead of {cells}"
            hint = "is a comma missing, or a text with commas not quoted?"
            raise DatasetError(what, where=where, hint=hint)
        yield where, row


def require_id(identifier: str, column: str, where: str) -> str:
    """Return an id without the spaces around it.

    Raises:
        DatasetError: It is blank: its row would count for nobody, or for a study without an id.
    """
    if is_blank(identifier):
        raise DatasetError(f"a row has no {column}", where=where, hint="fill it in, or take the row out")
    return identifier.strip()


def require_columns(path: Path, found: Sequence[str], wanted: Sequence[str], hint: str = "") -> None:
    """Raise one DatasetError for the first of `wanted` that is not among the columns `found`, or is there twice."""
    for column in wanted:
        if found.count(column) > 1:
            what = f"the column {column!r} is there {found.count(column)} times"
            raise DatasetError(what, where=str(path), hint="rename all but one")
        if column not in found:
            close = get_close_matches(column, found, n=1)
            nearest = f"; nearest is {close[0]!r}" if close else ""
            raise DatasetError(
                f"the column {column!r} is missing{nearest}",
                where=str(path),
                hint=hint or f"columns found: {', '.join(found) or 'none'}",
            )


def fingerprint(path: Path) -> str:
    """Return the sha256 of a file as hex."""
    check_regular(path)
    return file_sha256(path)


@contextmanager
def open_table(path: Path) -> Iterator[TextIO]:
    """Open a text file, gunzipped where its name ends in .gz; inside, `csv` takes fields of up to 64 MiB."""
    check_regular(path)
    with _LONG_FIELDS.hold(), _open_text(path) as text:
        yield text


def _open_text(path: Path) -> TextIO:
    # utf-8-sig: Excel puts a byte-order mark before the first column's name.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


@contextmanager
def explain_table_errors(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a table is read into one DatasetError."""
    try:
        yield
    except FileNotFoundError as error:
        raise DatasetError(
            "the table does not exist", where=str(path), hint="is the path right, and the file downloaded?"
        ) from error
    except IrregularFileError as error:
        raise DatasetError("the table is no file", where=str(path), hint="name the file itself") from error
    except UnicodeDecodeError as error:
        hint = not_utf8_hint(_beginning(path))
        raise DatasetError("the table is not UTF-8 text", where=str(path), hint=hint) from error
    except csv.Error as error:
        raise DatasetError(
            f"the table is not valid CSV ({error})",
            where=str(path),
            hint="is a quote missing? texts with commas or line breaks stand in quotes",
        ) from error
    except PermissionError as error:
        raise DatasetError(unreadable("the table", error), where=str(path), hint=MAY_NOT_READ) from error
    except (OSError, EOFError, zlib.error) as error:  # BadGzipFile is an OSError
        what = f"the table cannot be read to its end ({cause(error)})"
        raise DatasetError(what, where=str(path), hint=_mend_archive(path)) from error


def _mend_archive(path: Path) -> str:
    if path.suffix == ".gz" and _first_bytes(path) not in (GZIP, b""):
        return "it is not gzipped, perhaps since a browser unpacked it: take the .gz off its name"
    return "download it again"


def _beginning(path: Path) -> bytes:
    """Return the first bytes of a file, of what is in it where its name says that it is gzipped."""
    if path.suffix != ".gz":
        return _first_bytes(path)
    with gzip.open(path) as content:
        return content.read(len(GZIP))


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(GZIP))
    except OSError:
        return b""
