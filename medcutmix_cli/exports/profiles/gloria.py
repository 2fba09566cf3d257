"""GLoRIA's master table of CheXpert: paths, views, splits and one text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable
from medcutmix_cli.exports.profiles.mgca import CUT_OFF
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import write_table

SPLIT_NAMES = {"validate": "valid"}
REPORT, VIEW = "Report Impression", "Frontal/Lateral"
MASTER_COLUMNS = ("Path", VIEW, "Split", REPORT, *RowFacts.__annotations__)
"""Their names are no identifiers, so a plain tuple has them."""


def master_record(row: ExportRow, path: str) -> dict[str, Any]:
    """Return one row of a master table of this family; every picture of ours is frontal."""
    return {
        "Path": path,
        VIEW: "Frontal",
        "Split": SPLIT_NAMES.get(row.split, row.split),
        REPORT: row.caption,
        **row_facts(row),
    }


@dataclass(frozen=True)
class Gloria(PictureTable):
    """`master.csv` with `Path`, `Frontal/Lateral`, `Split` (train, valid, test) and `Report Impression`.

    GLoRIA cuts sentences at every point and keeps what it cut in `captions.pickle`: remove that file when you export
    again.
    """

    reader: ClassVar[str] = "GLoRIA (`CHEXPERT_DATA_DIR = OUT`, `CHEXPERT_MASTER_CSV = master.csv`)"

    def record(self, row: ExportRow, path: str, folder: Path) -> dict[str, Any]:
        """Return path and caption; the path begins with a folder that is cut off."""
        return master_record(row, f"{CUT_OFF}/{path}")

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write one table of all splits."""
        rows = (entry for split in entries.splits for entry in entries.of(split))
        write_table(files, "master.csv", rows, MASTER_COLUMNS)
