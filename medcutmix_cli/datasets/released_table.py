"""What all published data sets share whose tables are joined to one row per picture. Knows none of their columns.

A row names what it holds by role (`column_roles.ROLES`), so that options, checks and drops are those of any table.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from medcutmix_cli.datasets.column_roles import ColumnUse
from medcutmix_cli.datasets.row_source import PROBLEM, Row
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.tables import fingerprint
from medcutmix_cli.errors import DatasetError, UsageError

PICTURES = (".png", ".jpg", ".jpeg", ".dcm", ".dicom")
"""Suffixes of pictures: of two pictures with one name the first kind counts."""

_PROBED = 100
"""Rows whose pictures are looked for, to tell a wrong folder from a picture that is missing."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know of a published data set before it is used.

    Attributes:
        what: One sentence.
        hint: What to type or do.
    """

    what: str
    hint: str


@dataclass(frozen=True)
class ReleasedRows:
    """The joined rows of a published data set.

    Attributes:
        name: What they are read from.
        columns: The roles that they say.
        read: Yields them, by role; `PROBLEM` says why one cannot be used.
    """

    name: str
    columns: Sequence[str]
    read: Callable[[], Iterable[Row]] = field(repr=False)
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def pictures(self) -> frozenset[str]:
        """No picture lies in a table."""
        return frozenset()

    def rows(self, columns: list[str]) -> Iterator[tuple[int, Row]]:
        """Yield the rows (see `RowSource`)."""
        for number, row in enumerate(self.read(), start=1):
            yield number, {name: row.get(name, "") for name in (*columns, PROBLEM)}


@dataclass(frozen=True, slots=True)
class ReleasedTable(TableDataset):
    """A data set whose tables are known: no column is to be named, values may be mapped.

    Attributes:
        published: Where each role is found, as the published tables name it.
    """

    kind: ClassVar[str]
    named_by_users: ClassVar[bool] = False
    published: ClassVar[Mapping[str, str]] = {}
    unsaid: ClassVar[Mapping[str, str]] = {
        "split": "it has no split of its own: --split-all train takes all of it, of which validate_share = 0.1 and "
        "test_share = 0.1 under [dataset] take patients for the other splits, by a hash of the patient"
    }

    def __post_init__(self) -> None:
        TableDataset.__post_init__(self)
        if self.columns:
            what = f"the columns of {self.kind} are known and are not named: {', '.join(self.columns)}"
            raise UsageError(what, hint="--dataset-kind manifest with the table itself reads any columns")

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.root

    def tables(self) -> Sequence[Path]:
        """Return the tables that are read.

        Raises:
            DatasetError: One is missing.
        """
        raise NotImplementedError

    def remarks(self) -> Iterator[Remark]:
        """Yield what to know of it."""
        yield from ()

    def uses(self, uses: Iterable[ColumnUse]) -> tuple[ColumnUse, ...]:
        """Return the roles with the names that the published tables have for them."""
        return tuple(
            replace(use, column=self.published.get(use.role, use.column), why="as published") for use in uses
        )

    def provenance(self) -> dict[str, str | int]:
        """Return names, sizes and sha256 of the tables."""
        facts: dict[str, str | int] = {"kind": self.kind}
        for path in self.tables():
            facts[f"{path.name}:bytes"] = path.stat().st_size
            facts[f"{path.name}:sha256"] = fingerprint(path)
        return facts


def find_file(folder: Path, *names: str) -> Path | None:
    """Return the first of the names, plain or gzipped, that is a file of the folder."""
    paths = (folder / f"{name}{end}" for name in names for end in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)


def require_file(folder: Path, name: str, kind: str) -> Path:
    """Return a table of the folder.

    Raises:
        DatasetError: It is not there.
    """
    if path := find_file(folder, name):
        return path
    raise DatasetError(f"{name} of {kind} is missing", where=str(folder), hint="put it into the folder")


def list_pictures(root: Path, key: Callable[[str], str] = str) -> dict[str, str]:
    """Return picture below a folder by its name without suffix, as a path relative to it.

    Args:
        root: The folder; all of it is looked at.
        key: Turns the name into the one that tables have.

    Raises:
        DatasetError: There is none.
    """
    found: list[tuple[int, str, str]] = []
    for place, _, names in os.walk(root):
        for path in (Path(place, name) for name in names):
            if path.suffix.lower() in PICTURES:
                below = path.relative_to(root).as_posix()
                found.append((PICTURES.index(path.suffix.lower()), below, key(path.stem)))
    pictures: dict[str, str] = {}
    for _, below, name in sorted(found):
        pictures.setdefault(name, below)
    if not pictures:
        raise no_pictures(root)
    return pictures


def first_place(root: Path, places: Iterable[tuple[str, str]], paths: Sequence[str]) -> tuple[str, str]:
    """Return the first (folder, suffix) in which one of the first paths of a table is a picture.

    Args:
        root: The data set.
        places: Folders below it, "" for itself, each with the suffix that pictures have there; "" keeps the table's.
        paths: As the table has them.

    Raises:
        DatasetError: In none of them.
    """
    for folder, suffix in places:
        if any((root / place_of(path, folder, suffix)).is_file() for path in paths[:_PROBED]):
            return folder, suffix
    raise no_pictures(root)


def place_of(path: str, folder: str, suffix: str) -> str:
    """Return where a picture of a table lies: its path below `folder`, with `suffix` instead of its own."""
    below = path.rpartition(".")[0] + suffix if suffix else path
    return f"{folder}/{below}" if folder else below


def no_pictures(root: Path) -> DatasetError:
    """Return the error that no picture of the tables lies below `root`."""
    hint = "unpack the archives of pictures into the folder; `docs/data-sets.md` draws it"
    return DatasetError("no picture of the tables is there", where=str(root), hint=hint)


def read_object(text: str, where: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        DatasetError: The text is none.
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise DatasetError("this is no JSON object", where=where, hint="download it again")
    return found
