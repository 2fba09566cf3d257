"""Any table of images and reports: CSV, TSV, JSON, JSON Lines or Parquet, its columns found or mapped by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets import manifest_rows
from medcutmix_cli.datasets.manifest_rows import TableFile
from medcutmix_cli.datasets.row_source import FileSource, Row
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.tables import fingerprint
from medcutmix_cli.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Manifest(TableDataset):
    """A table with one row per image, or a folder with `manifest.csv`, `.jsonl`, `.parquet`, ...

    The columns for image and subject must be there, and one for the report's text or its file, or findings and
    impression in columns of their own. Pictures are files, or stand in a Parquet table themselves.
    """

    kind: ClassVar[str] = "manifest"
    looks_for: ClassVar[str] = f"a {', '.join(manifest_rows.SUFFIXES)} file, or manifest.<that> in the folder"

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` is a table, or holds one named manifest."""
        if root.is_file():
            return bool(manifest_rows.suffix_of(root))
        return any((root / f"manifest{suffix}").is_file() for suffix in manifest_rows.SUFFIXES)

    def sources(self) -> Sequence[TableSource]:
        """Return the one table."""
        return [TableSource(self._path())]

    def provenance(self) -> dict[str, str | int]:
        """Return name, size and sha256 of the table."""
        path = self._path()
        return {
            "kind": self.kind,
            f"{path.name}:bytes": path.stat().st_size,
            f"{path.name}:sha256": table_sha256(path),
        }

    def _path(self) -> Path:
        if self.root.is_file():
            return self.root
        paths = [self.root / f"manifest{suffix}" for suffix in manifest_rows.SUFFIXES]
        found = [path for path in paths if path.is_file()]
        if len(found) != 1:
            names = ", ".join(path.name for path in found) or "none"
            what = f"one manifest is wanted in this folder; found: {names}"
            raise DatasetError(what, where=str(self.root), hint=f"looked for {self.looks_for}")
        return found[0]


@dataclass(frozen=True)
class TableSource(FileSource):
    """A table file as rows of a data set."""

    @property
    def columns(self) -> list[str]:
        """The columns of the file."""
        return TableFile(self.path).columns

    @property
    def pictures(self) -> frozenset[str]:
        """Columns whose pictures lie in the file."""
        return TableFile(self.path).pictures

    def rows(self, columns: list[str]) -> Iterator[tuple[int, Row]]:
        """Yield the rows of the file."""
        return TableFile(self.path).rows(columns)


def table_sha256(path: Path) -> str:
    """Return the sha256 of a table; of a Parquet file that holds its pictures, of its footer.

    The footer has the place, size and bounds of every column: hours of hashing tell little more.
    """
    table = TableFile(path)
    return table.footer_sha256() if table.pictures else fingerprint(path)
