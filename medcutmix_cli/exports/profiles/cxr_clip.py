"""CXR-CLIP's table: lists as text, by view and by section."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable, place_picture
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import columns_of, write_table
from medcutmix_cli.records import FRONTAL_VIEWS

_NAMES = {"validate": "valid"}


class CxrClipRecord(RowFacts):
    """One row; lists are written as Python has them, and read with `ast.literal_eval`.

    Attributes:
        view: Names of the columns that hold pictures; likewise AP, PA: their paths.
        text: Findings and impression, those that there are.
        text_augment: The same: nothing was translated there and back.
    """

    image: str
    view: str
    AP: str
    PA: str
    Lateral: str
    text: str
    text_augment: str


@dataclass(frozen=True)
class CxrClip(PictureTable):
    """A table a split, `train.csv`, with `image`, `view`, `AP`, `PA`, `Lateral`, `text` and `text_augment` as lists.

    Attributes:
        root: Folder that paths begin with; by default they are absolute, since CXR-CLIP joins none.
    """

    root: str = ""

    reader: ClassVar[str] = "CXR-CLIP (`data_path: OUT/SPLIT.csv`)"

    def refuse(self, row: ExportRow) -> str:
        """Refuse a view that it has no column for, too."""
        return super().refuse(row) or ("" if row.view in FRONTAL_VIEWS else "view-not-frontal")

    def record(self, row: ExportRow, path: str, folder: Path) -> CxrClipRecord:
        """Return lists of one picture and of the texts."""
        placed = repr([place_picture(path, folder, self.root)])
        texts = [row.texts.caption("findings"), row.texts.caption("impression")]
        said = repr([text for text in texts if text] or [row.caption])
        return CxrClipRecord(
            image=placed,
            view=repr([row.view]),
            AP=placed if row.view == "AP" else "[]",
            PA=placed if row.view == "PA" else "[]",
            Lateral="[]",
            text=said,
            text_augment=said,
            **row_facts(row),
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a table a split."""
        for split in entries.splits:
            name = f"{_NAMES.get(split, split)}.csv"
            write_table(files, name, entries.of(split), columns_of(CxrClipRecord))
