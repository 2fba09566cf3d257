"""A folder of pictures with a text of the same name beside each: `scan1.png`, `scan1.txt`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets.row_source import Row
from medcutmix_cli.datasets.split_names import split_folder
from medcutmix_cli.datasets.table_dataset import TableDataset

PICTURES = (".png", ".jpg", ".jpeg", ".dcm")
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class TextFolder(TableDataset):
    """`NAME.png` beside `NAME.txt`, in one folder, in folders of splits, in folders of patients, or both.

    A folder that is named after a split is one; the folder below it that holds a picture is a patient, and a picture
    that lies in none is a patient of its own.
    """

    kind: ClassVar[str] = "text-folder"
    looks_for: ClassVar[str] = "NAME.png, .jpg or .dcm beside NAME.txt, in the folder or one named train, ..."

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether a picture lies beside its text, in the folder or in one that is named after a split."""
        splits = (root / name for name in _first_names(root) if split_folder(name))
        return any(_has_a_pair(folder) for folder in (root, *splits))

    def sources(self) -> Sequence[FolderSource]:
        """Return the folder as one table."""
        return [FolderSource(self.root)]

    def provenance(self) -> dict[str, str | int]:
        """Return the number of pictures, and one sha256 of all their names, sizes and texts."""
        source = FolderSource(self.root)
        return {"kind": self.kind, "pictures": len(source.found), "texts:sha256": source.sha256}


def _has_a_pair(folder: Path) -> bool:
    paths = (folder / name for name in _first_names(folder))
    return any(path.suffix.lower() in PICTURES and path.with_suffix(".txt").is_file() for path in paths)


def _first_names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [entry.name for entry in islice(entries, _LOOKED_AT)]


@dataclass(frozen=True)
class FolderSource:
    """A folder as rows, a picture each.

    Attributes:
        folder: The folder.
        known: See `RowSource`.
    """

    folder: Path
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """That of the folder."""
        return self.folder.name

    @property
    def pictures(self) -> frozenset[str]:
        """No picture lies in a table."""
        return frozenset()

    @property
    def columns(self) -> list[str]:
        """What the tree says."""
        split = ["split"] if any(_split(path) for path in self.found) else []
        return ["image", "report_path", "subject", "image_id", *split]

    def rows(self, columns: list[str]) -> Iterator[tuple[int, Row]]:
        """Yield the rows (see `RowSource`)."""
        for number, path in enumerate(self.found, start=1):
            text, own = path.with_suffix(".txt"), path.with_suffix("").as_posix()
            row = {
                "image": path.as_posix(),
                "report_path": text.as_posix() if (self.folder / text).is_file() else "",
                "subject": _patient(path) or own,
                "image_id": own,
                "split": _split(path),
            }
            yield number, {name: row[name] for name in columns}

    @cached_property
    def found(self) -> list[Path]:
        """The pictures, relative to the folder, sorted."""
        paths = (
            Path(folder, name).relative_to(self.folder)
            for folder, _, names in os.walk(self.folder)
            for name in names
            if Path(name).suffix.lower() in PICTURES
        )
        return sorted(paths)

    @property
    def sha256(self) -> str:
        """Of names and sizes of the pictures, and of the texts."""
        digest = hashlib.sha256()
        for path in self.found:
            text = (self.folder / path).with_suffix(".txt")
            digest.update(f"{path.as_posix()}\0{(self.folder / path).stat().st_size}\0".encode())
            digest.update(text.read_bytes() if text.is_file() else b"")
        return digest.hexdigest()


def _split(path: Path) -> str:
    return split_folder(path.parts[0]) if len(path.parts) > 1 else ""


def _patient(path: Path) -> str:
    """Return the folder of the patient; "" where the picture lies in none."""
    folders = path.parts[1:-1] if _split(path) else path.parts[:-1]
    return folders[0] if folders else ""
