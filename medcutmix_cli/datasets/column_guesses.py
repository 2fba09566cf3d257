"""Which column that plays no role looks like one: only to suggest it; nobody takes a column unasked.

Looks at names and at the first rows. Tells names of columns, never what a cell says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from statistics import mean
from typing import Any

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.datasets.embedded_pictures import EmbeddedPicture
from medcutmix_cli.datasets.row_source import RowSource
from medcutmix_cli.datasets.value_guesses import guess_meaning
from medcutmix_cli.records import FRONTAL_VIEWS

LOOKED_AT = 300
"""Rows that are looked at."""

_PICTURES = (".png", ".jpg", ".jpeg", ".dcm", ".dicom")
_MOST_VALUES = 20
_LONGEST_ID = 64
_LONGEST_NAME = 64
"""A longer name is a cell of a table without header."""

_FEWEST_WORDS = 5
_MOST_OF_THEM = 0.8

_PATIENT = re.compile(r"patient|subject|person(?!al)|^(pid|mrn|pat)(nr|no|num|number|id)?$")
_STUDY = re.compile(r"^(study|exam(?!ple)|accession|visit|encounter|case(id|nr|no)?$)")
_REPORT = re.compile(r"report|finding|impression|befund|bericht|text|caption")
_IDS = frozenset(("id", "nr", "no", "num", "number", "key", "uid", "code", "hash"))
_FACTS = frozenset(
    (
        *(
            "age",
            "sex",
            "gender",
            "race",
            "ethnicity",
            "birth",
            "birthday",
            "dob",
            "name",
            "weight",
            "height",
            "size",
        ),
        *(
            "date",
            "time",
            "year",
            "month",
            "day",
            "description",
            "desc",
            "type",
            "status",
            "position",
            "comment",
        ),
        *("insurance", "part", "history", "report", "text", "count", "site", "class", "label"),
    )
)
"""Words of a name that says something of a patient or study, and not which one it is."""


@dataclass(frozen=True)
class _Column:
    """One column.

    Attributes:
        cells: Those of the first rows that say something.
    """

    name: str
    cells: Sequence[Any]

    @cached_property
    def words(self) -> list[str]:
        """The words of the name, in small letters: of "PatientID" patient and id."""
        return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+", self.name)]

    @cached_property
    def texts(self) -> list[str]:
        """The cells that are texts."""
        return [cell.strip() for cell in self.cells if isinstance(cell, str)]

    @cached_property
    def values(self) -> set[str]:
        """The different values; none where they are too many to be a kind."""
        found = set(self.texts)
        return found if len(self.texts) == len(self.cells) and len(found) <= _MOST_VALUES else set()


def guess_columns(source: RowSource, columns: Collection[str], roles: Collection[str]) -> Mapping[str, str]:
    """Return by role the column that looks most like it; a role that none looks like is not there.

    Args:
        source: The table.
        columns: Those that play no role.
        roles: Those that are wanted, of image, split, view, subject, study and report.

    Raises:
        DatasetError: The table is damaged.
    """
    left = _columns(source, [name for name in columns if "image" in roles or name not in source.pictures])
    found: dict[str, str] = {}
    for role, likeness in _LIKENESS.items():
        if role in roles and (best := max(left, key=likeness, default=None)) and likeness(best) > 0:
            found[role] = best.name
            left.remove(best)
    return found


def _columns(source: RowSource, names: Sequence[str]) -> list[_Column]:
    names = [name for name in dict.fromkeys(names) if len(name) <= _LONGEST_NAME]
    rows = [row for _, row in islice(source.rows(names), LOOKED_AT)] if names else []
    columns = (_Column(name, [row[name] for row in rows if _says(row[name])]) for name in names)
    return [column for column in columns if column.cells]


def _says(cell: object) -> bool:
    return not is_blank(cell)


def _image(column: _Column) -> float:
    pictures = [
        cell
        for cell in column.cells
        if isinstance(cell, EmbeddedPicture)
        or (isinstance(cell, str) and cell.strip().lower().endswith(_PICTURES))
    ]
    return _if_most(len(pictures), column)


def _split(column: _Column) -> float:
    return _kinds(column, "split") if column.values else 0.0


def _view(column: _Column) -> float:
    """Tell how many are views: with none that is frontal, L and R are sides of a body."""
    frontal = any(guess_meaning("view", value) in FRONTAL_VIEWS for value in column.values)
    return _kinds(column, "view") if frontal else 0.0


def _kinds(column: _Column, role: str) -> float:
    """Return the share of values that seem to mean something, if they are most of the values and of the cells."""
    known = {value for value in column.values if guess_meaning(role, value)}
    shares = len(known) / len(column.values), mean(text in known for text in column.texts)
    return min(shares) if min(shares) > 1 / 2 else 0.0


def _subject(column: _Column) -> float:
    return _named(column, _PATIENT)


def _study(column: _Column) -> float:
    return _named(column, _STUDY)


def _named(column: _Column, names: re.Pattern[str]) -> float:
    """Return how well a name says whose id the column holds, if its cells can be ids."""
    names_it = any(names.search(word) for word in (*column.words, "".join(column.words)))
    if not names_it or _FACTS & set(column.words) or not _ids(column):
        return 0.0
    return 3.0 if _IDS & set(column.words) else 2.0 if len(column.words) == 1 else 1.0


def _ids(column: _Column) -> bool:
    plain = all(
        isinstance(cell, str | int | float) and not isinstance(cell, bool) and len(str(cell)) <= _LONGEST_ID
        for cell in column.cells
    )
    return plain and (len(set(column.cells)) > 1 or len(column.cells) == 1)


def _report(column: _Column) -> float:
    words = [len(re.findall(r"[^\W\d_]+", text)) for text in column.texts]
    if not words or not _if_most(sum(count >= _FEWEST_WORDS for count in words), column):
        return 0.0
    return mean(words) * (1000 if any(_REPORT.search(word) for word in column.words) else 1)


def _if_most(count: int, column: _Column) -> float:
    share = count / len(column.cells)
    return share if share >= _MOST_OF_THEM else 0.0


_LIKENESS: Mapping[str, Callable[[_Column], float]] = {
    "image": _image,
    "split": _split,
    "view": _view,
    "subject": _subject,
    "study": _study,
    "report": _report,
}
"""Role -> how much a column looks like it, 0 where not at all; the first of equals counts."""
