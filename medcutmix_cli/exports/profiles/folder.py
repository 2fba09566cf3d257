"""Plain folders of pictures with a table beside them, as Hugging Face's `imagefolder` reads them too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import columns_of, write_lines, write_table
from medcutmix_cli.findings import CHEXPERT

_FOLDERS = {"validate": "validation"}
"""What `imagefolder` calls a split that MIMIC-CXR calls otherwise."""


class FolderRecord(RowFacts):
    """One row: all texts that there are, and the labels by name."""

    file_name: str
    caption: str
    report: str
    findings: str
    impression: str
    view: str
    labels: dict[str, float]


@dataclass(frozen=True)
class PictureFolder(PictureTable):
    """A folder a split with its pictures and `metadata.jsonl` (or `metadata.csv`): every text, the labels by name.

    Attributes:
        table: "jsonl" or "csv".
    """

    table: str = "jsonl"

    reader: ClassVar[str] = 'anything; `datasets.load_dataset("imagefolder", data_dir=OUT)`'

    def __post_init__(self) -> None:
        """Refuse another table."""
        if self.table not in ("jsonl", "csv"):
            raise ValueError(f"table: jsonl or csv, not {self.table!r}")

    def pictures(self, row: ExportRow) -> str:
        """Return the folder of the split."""
        return _FOLDERS.get(row.split, row.split)

    def record(self, row: ExportRow, path: str, folder: Path) -> FolderRecord:
        """Return all texts and labels; the path is relative to the table."""
        return FolderRecord(
            file_name=path.partition("/")[2],
            caption=row.caption,
            report=row.texts.report,
            findings=row.texts.findings,
            impression=row.texts.impression,
            view=row.view,
            labels=dict(zip(CHEXPERT, row.labels, strict=True)),
            **row_facts(row),
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a table a split, beside its pictures."""
        for split in entries.splits:
            path = f"{_FOLDERS.get(split, split)}/metadata.{self.table}"
            if self.table == "jsonl":
                write_lines(files, path, entries.of(split))
            else:
                write_table(files, path, entries.of(split), columns_of(FolderRecord))
