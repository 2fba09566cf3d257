"""A cell of a user's table as the word or text it must be. What is of another type is an error, never an id.

Errors name row and column, and the type of what is there: never what it says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from medcutmix_cli.datasets.ids import whole_id
from medcutmix_cli.errors import DatasetError

LONGEST_WORD = 256
"""Characters of an id, a split or a view; what is longer is a text."""

LONGEST_PATH = 4096
"""Characters of a path, as Linux has it (PATH_MAX)."""

MISSING_WORDS = frozenset(
    {"", "#n/a", "#na", "-nan", "<na>", "n/a", "na", "nan", "none", "null", "-1.#ind", "1.#qnan", "1.#ind"}
    | {"#n/a n/a", "-1.#qnan"}
)
"""What `pandas.read_csv` takes for an empty cell, in lower case; R writes "NA"."""

_WHOLE = 2**53
"""From here on a float has lost the last digits of an id."""

_PATHS = ("image", "report_path")
_IDS = ("subject", "study", "image_id")
_LINES = re.compile(r"[\x00\r\n]")


def read_word(value: object, role: str, column: str, where: str) -> str:
    """Return a cell as a word: an id that a blank elsewhere made a float is whole again, NaN and "NA" are blank.

    So is one that stands as "10000032.0" in a text file: beside 10000032 it would be another patient.

    Args:
        value: The cell.
        role: What the column is; paths may be longer than ids.
        column: Its name, for errors.
        where: The row, for errors.

    Raises:
        DatasetError: It is no word.
    """
    if is_blank(value):
        return ""
    if isinstance(value, float | Decimal):
        value = _whole(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _wrong(type_of(value), role, column, where)
    text = str(value).strip()
    if len(text) > (LONGEST_PATH if role in _PATHS else LONGEST_WORD):
        raise _wrong(f"a text of {len(text):,} characters", role, column, where)
    if _LINES.search(text):
        raise _wrong("a text of several lines", role, column, where)
    if text.startswith(("{'bytes'", '{"bytes"')):
        raise _wrong("a picture written out as text", role, column, where)
    return whole_id(text) if role in _IDS else text


def read_text(value: object, role: str, column: str, where: str) -> str:
    """Return a cell as a report's text, untouched; blank where there is none, or "NA" and nothing else.

    Raises:
        DatasetError: It is no text.
    """
    if is_blank(value):
        return ""
    if not isinstance(value, str):
        raise _wrong(type_of(value), role, column, where)
    return value


def is_blank(value: object) -> bool:
    """Tell whether a cell says nothing: None, NaN, or one of `MISSING_WORDS` and nothing else."""
    if isinstance(value, str):
        return value.strip().lower() in MISSING_WORDS
    return value is None or (isinstance(value, float | Decimal) and value != value)


def _whole(value: float | Decimal) -> object:
    """Return a number without its ".0", or as it is, where it is not whole or not exact."""
    return int(value) if abs(float(value)) < _WHOLE and value == int(value) else value


def type_of(value: Any) -> str:
    """Say what a value is, in words, without saying what is in it."""
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((bytes, bytearray, memoryview), "bytes"),
        ((list, tuple), "a list"),
        (Mapping, "an object"),
        (int, "a whole number"),
        ((float, Decimal), "a number that is not whole, or too large to be exact"),
        (str, "a text"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), f"a {type(value).__name__}")


def _wrong(found: str, role: str, column: str, where: str) -> DatasetError:
    wanted = "a text" if role in ("report", "findings", "impression") else _wanted(role)
    hint = f"--column {role}=COLUMN names another column"
    return DatasetError(f"the column {column!r} holds {found}, not {wanted}", where=where, hint=hint)


def _wanted(role: str) -> str:
    if role == "image":
        return "the path of a picture, or the picture itself"
    return "the path of a file" if role in _PATHS else f"a {role.replace('_', ' ')}"
