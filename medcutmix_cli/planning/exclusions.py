"""The studies, patients and pictures that a user's list leaves out. An id of the list that is nobody's is told."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.datasets.ids import KEYS, bare_id, id_spellings, whole_id
from medcutmix_cli.datasets.manifest_rows import DELIMITERS
from medcutmix_cli.datasets.tables import explain_table_errors, open_table
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.records import Drop, Study

_HEADERS = tuple(name.casefold() for names in KEYS.values() for name in names)
"""Names of columns of ids, the one that says most exactly what is meant first."""


@dataclass(slots=True)
class ExcludedIds:
    """Ids to leave out, and which of them the studies that were looked at have.

    Attributes:
        path: The list, "" for none.
        listed: Spelling -> the ids of the list that it may mean.
        found: Ids of the list that some study, patient or picture has.
        example: Ids of a study that was looked at, to show how the data set writes them.
    """

    path: str = ""
    listed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)
    example: str = ""

    def match(self, study: Study | Drop) -> bool:
        """Tell whether a study is to be left out; which ids of the list say so is noted."""
        if not self.listed:
            return False
        if isinstance(study, Study) and not self.example:
            self.example = (
                f"study {study.study_id!r}, patient {study.subject_id!r}"
                f"{''.join(f', picture {image.image_id!r}' for image in study.images[:1])}"
            )
        hits = [one for name in _names(study) for one in self.listed.get(name, ())]
        self.found.update(hits)
        return bool(hits)

    @property
    def unmatched(self) -> list[str]:
        """The ids of the list that nobody has, sorted."""
        return sorted({one for ids in self.listed.values() for one in ids} - self.found)

    @property
    def matches_nothing(self) -> bool:
        """Whether there are ids, and each of them is nobody's."""
        return bool(self.listed) and not self.found

    @property
    def problem(self) -> str:
        """What is to be said of the ids that nobody has; "" where there are none."""
        if not (lost := self.unmatched):
            return ""
        total = len(lost) + len(self.found)
        return (
            f"{len(lost):,} of {total:,} ids of --exclude-ids match no study, patient or picture, "
            f"for example {lost[0]!r}: nothing is left out by them"
        )

    @property
    def hint(self) -> str:
        """How ids are written in the data set."""
        return f"write them as the data set does, one a line: {self.example or 'it has no study'}"

    def require_match(self) -> None:
        """Check that some id of the list is somebody's: else a test set would be mixed that was to be left out.

        Raises:
            UsageError: None is.
        """
        if self.matches_nothing:
            raise UsageError(self.problem, where=self.path, hint=self.hint)


def _names(study: Study | Drop) -> Iterator[str]:
    if isinstance(study, Drop):
        yield from id_spellings(study.unit, study.identifier)
        return
    yield from id_spellings("study", study.study_id)
    yield from id_spellings("subject", study.subject_id)
    for image in study.images:
        yield from id_spellings("image", image.image_id)


def read_excluded(path: str) -> ExcludedIds:
    """Read study, subject or picture ids, one a line, or those of a table with a column of ids; "" gives none.

    Raises:
        UsageError: The file cannot be read.
    """
    if not path:
        return ExcludedIds()
    try:
        with explain_table_errors(Path(path)), open_table(Path(path)) as text:
            ids = _read_ids(text.read().splitlines())
    except DatasetError as error:
        raise UsageError(
            f"the file of excluded ids cannot be read: {error.what}",
            where=path,
            hint="name a text file that you may read, with an id a line",
        ) from error
    listed: dict[str, list[str]] = {}
    for one in dict.fromkeys(one for one in ids if not is_blank(one)):
        for spelling in dict.fromkeys((one, whole_id(one), bare_id("image", one))):
            listed.setdefault(spelling, []).append(one)
    return ExcludedIds(path, listed)


def _read_ids(lines: Sequence[str]) -> list[str]:
    lines = [line for line in lines if line.strip()]
    if not lines:
        return []
    delimiter = max(DELIMITERS, key=lines[0].count)
    header = [cell.strip().casefold() for cell in next(csv.reader(lines[:1], delimiter=delimiter), [])]
    column = next((header.index(name) for name in _HEADERS if name in header), None)
    if column is None:
        return [_unquoted(line) for line in lines]
    rows = csv.reader(lines[1:], delimiter=delimiter)
    return [row[column].strip() for row in rows if len(row) > column]


def _unquoted(line: str) -> str:
    """Return what a line says without its quotes; a comma outside of them is part of an id."""
    cells = next(csv.reader([line.strip()]), [])
    return cells[0].strip() if len(cells) == 1 else line.strip()
