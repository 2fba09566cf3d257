"""What one part of an export writes below its folder, with a hash of each file. Knows no row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.file_hash import file_sha256
from medcutmix_cli.system.private_files import begin_private_file, make_private_folder


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of an export.

    Attributes:
        path: Below the export's folder, POSIX separators.
        rows: How many rows it holds or lists; 0 for a picture, which a table lists.
    """

    path: str
    sha256: str
    bytes: int
    rows: int = 0


@dataclass(slots=True)
class PartFiles:
    """Where one part of an export writes.

    Attributes:
        root: The export's folder.
        tree: Folder below it that the part is of; "" where all lie together.
        part: Name of the part: "train-00003".
        escape_formulas: Whether texts that a spreadsheet would run get an apostrophe before them.
        records: What was written.
        formulas: Texts in tables that a spreadsheet would run, as they stand in the reports.
    """

    root: Path
    tree: str
    part: str
    escape_formulas: bool = False
    records: list[FileRecord] = field(default_factory=list)
    formulas: int = 0

    @property
    def folder(self) -> Path:
        """What paths in tables are relative to."""
        return self.root / self.tree

    def write_picture(self, path: str, content: bytes) -> None:
        """Write a small file; should the power fail, the part is not complete and comes again."""
        target = self.folder / path
        if not target.parent.is_dir():
            self._make_folders(target.parent)
        begin_private_file(target)
        target.write_bytes(content)
        below = target.relative_to(self.root).as_posix()
        self.records.append(FileRecord(below, hashlib.sha256(content).hexdigest(), len(content)))

    @contextmanager
    def open_file(self, path: str) -> Iterator[OpenFile]:
        """Give a place to write a file at; it appears whole or not at all, and is told with its rows."""
        target = self.folder / path
        self._make_folders(target.parent)
        with publish(target) as temporary:
            opened = OpenFile(temporary)
            yield opened
        self.records.append(self.record_of(path, opened.rows))

    def _make_folders(self, folder: Path) -> None:
        """Make a folder and those above it, down from the export's own: each is private by itself."""
        for above in reversed(folder.relative_to(self.root).parents):
            make_private_folder(self.root / above)
        make_private_folder(folder)

    def record_of(self, path: str, rows: int = 0) -> FileRecord:
        """Return what is said of a file that lies there."""
        target = self.folder / path
        below = target.relative_to(self.root).as_posix()
        return FileRecord(below, file_sha256(target), target.stat().st_size, rows)


@dataclass(slots=True)
class OpenFile:
    """A file that is being written.

    Attributes:
        path: Where to write it.
        rows: How many rows it holds, to be counted by whoever writes it.
    """

    path: Path
    rows: int = 0
