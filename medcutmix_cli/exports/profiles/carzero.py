"""CARZero's master table: GLoRIA's, with paths that are opened as they stand."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable, place_picture
from medcutmix_cli.exports.profiles.gloria import MASTER_COLUMNS, master_record
from medcutmix_cli.exports.row import ExportRow
from medcutmix_cli.exports.tables import write_table

NOISE = "cxr_report_noise_sample.pickle"
"""A list of paths that CARZero leaves out; it does not start without the file."""


@dataclass(frozen=True)
class CarZero(PictureTable):
    """`master.csv` with `Path`, `Frontal/Lateral`, `Split`, `Report Impression`, and its list of noise, empty.

    Its training flips pictures (p .3): leave flips out, or rows with `no_hflip`. It keeps the sentences it cut in
    `captions.pickle`: remove that file when you export again.

    Attributes:
        root: Folder that paths begin with; by default they are absolute, since CARZero joins none.
    """

    root: str = ""

    reader: ClassVar[str] = "CARZero (`MIMIC_DATA_DIR = OUT`, `MIMIC_MASTER_CSV = master.csv`)"

    def record(self, row: ExportRow, path: str, folder: Path) -> dict[str, Any]:
        """Return path and caption."""
        return master_record(row, place_picture(path, folder, self.root))

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write one table of all splits, and the list of noise."""
        rows = (entry for split in entries.splits for entry in entries.of(split))
        write_table(files, "master.csv", rows, MASTER_COLUMNS)
        with files.open_file(NOISE) as opened:
            opened.path.write_bytes(pickle.dumps([], protocol=2))
