"""open_clip's csv: a tab-separated table of picture paths and captions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable, place_picture
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import columns_of, write_table


class OpenClipRecord(RowFacts):
    """One row; open_clip's own names, which it looks for by default."""

    filepath: str
    title: str


@dataclass(frozen=True)
class OpenClipCsv(PictureTable):
    """A table a split, `train.tsv`, with `filepath` and `title`, tabs between.

    Attributes:
        root: Folder that paths begin with; by default they are absolute, since open_clip joins none.
    """

    root: str = ""

    reader: ClassVar[str] = "open_clip (`--dataset-type csv --train-data OUT/SPLIT.tsv`)"

    def record(self, row: ExportRow, path: str, folder: Path) -> OpenClipRecord:
        """Return path and caption."""
        return OpenClipRecord(
            filepath=place_picture(path, folder, self.root), title=row.caption, **row_facts(row)
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a table a split."""
        for split in entries.splits:
            write_table(files, f"{split}.tsv", entries.of(split), columns_of(OpenClipRecord), "\t")
