"""What an export profile is: how rows become files that one trainer reads. Knows no run and no data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.row import ExportRow
from medcutmix_cli.exports.tables import Entry

SPLITS = ("train", "validate", "test")
"""In the order in which tables list them."""


class EntrySource(Protocol):
    """The entries of one tree, as often as they are asked for."""

    def of(self, split: str) -> Iterator[Entry]:
        """Yield the entries of one split, parts in order."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have an entry, in the order of `SPLITS`."""


@runtime_checkable
class ExportProfile(Protocol):
    """A frozen dataclass whose fields are its options.

    Rows come part by part, and a part that is complete never comes again; `finish` is called once, with the entries of
    all parts. Both write the same bytes for the same rows.

    Attributes:
        reader: Who reads it, and how: a line in which OUT stands for the folder, SPLIT for the name of a split's files
            and LAST for the number of the last of them.
        needs_sentences: Whether rows come with their sentences; reading them takes time.
    """

    reader: ClassVar[str]
    needs_sentences: ClassVar[bool]

    def refuse(self, row: ExportRow) -> str:
        """Return why its reader cannot take a row, as a name that is counted; "" where it can."""

    def store(self, rows: Iterable[ExportRow], files: PartFiles) -> Iterator[Entry]:
        """Write the pictures of a part as the rows come, and yield what tables will say of each row."""

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write the tables of a tree."""


@dataclass(frozen=True)
class PictureTable:
    """A profile with a file a picture and tables beside them; what derives from it says its record and its tables."""

    needs_sentences: ClassVar[bool] = False

    def refuse(self, row: ExportRow) -> str:
        """Refuse a row without a caption: its reader would train on the word "nan"."""
        return "" if row.caption else "caption-empty"

    def store(self, rows: Iterable[ExportRow], files: PartFiles) -> Iterator[Entry]:
        """Write each picture, and yield its record."""
        for row in rows:
            path = f"{self.pictures(row)}/{files.part}/{row.picture_name}"
            files.write_picture(path, row.picture)
            yield self.record(row, path, files.folder)

    def pictures(self, _row: ExportRow) -> str:
        """Return the folder that pictures lie below, a folder a part."""
        return "images"

    def record(self, row: ExportRow, path: str, folder: Path) -> Entry:
        """Return what the table says of a row.

        Args:
            row: Accepted by `refuse`.
            path: Of its picture, below `folder`.
            folder: Of the tree.
        """
        raise NotImplementedError


def place_picture(path: str, folder: Path, root: str) -> str:
    """Return a picture's path as a reader opens it that joins no folder: below `root`, by default where it lies now."""
    return f"{root.rstrip('/')}/{path}" if root else (folder.absolute() / path).as_posix()
