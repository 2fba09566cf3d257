"""Hugging Face's `run_clip.py`: a CSV of picture files and captions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable, place_picture
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import columns_of, write_table

_NAMES = {"validate": "validation"}


class RunClipRecord(RowFacts):
    """One row; the script takes its first two columns unless it is told others."""

    image_path: str
    caption: str


@dataclass(frozen=True)
class RunClip(PictureTable):
    """A table a split, `train.csv` and `validation.csv`, with `image_path` and `caption` first.

    Attributes:
        root: Folder that paths begin with; by default they are absolute, since the script joins none.
    """

    root: str = ""

    reader: ClassVar[str] = (
        "transformers' `run_clip.py` (`--train_file OUT/SPLIT.csv --image_column image_path "
        "--caption_column caption`)"
    )

    def refuse(self, row: ExportRow) -> str:
        """Refuse what torchvision's `read_image` opens from no file, too."""
        return super().refuse(row) or ("picture-format" if row.picture_format == "webp" else "")

    def record(self, row: ExportRow, path: str, folder: Path) -> RunClipRecord:
        """Return path and caption."""
        return RunClipRecord(
            image_path=place_picture(path, folder, self.root), caption=row.caption, **row_facts(row)
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a table a split."""
        for split in entries.splits:
            name = f"{_NAMES.get(split, split)}.csv"
            write_table(files, name, entries.of(split), columns_of(RunClipRecord))
