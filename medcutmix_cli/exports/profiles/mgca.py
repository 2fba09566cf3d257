"""MGCA's master table of MIMIC-CXR: paths, views, splits and both sections."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import columns_of, write_table
from medcutmix_cli.records import FRONTAL_VIEWS

CUT_OFF = "export"
"""First folder of every path: this family of readers cuts one off, and joins the rest to its own folder."""

_BLANK = " "  # an empty cell would be NaN, which MGCA adds to text: an error
_SPLITS = {"validate": "valid"}


class MgcaRecord(RowFacts):
    """One row of `master.csv`; `split` is MGCA's own word for it."""

    Path: str
    ViewPosition: str
    impression: str
    findings: str


@dataclass(frozen=True)
class Mgca(PictureTable):
    """`master.csv` with `Path`, `ViewPosition`, `split` (train, valid, test), `impression` and `findings`.

    A section that is missing is a blank, which adds no words. MGCA cuts sentences at every point and keeps what it cut
    in `captions.pickle`: remove that file when you export again.
    """

    reader: ClassVar[str] = "MGCA (`MIMIC_CXR_DATA_DIR = OUT`)"

    def refuse(self, row: ExportRow) -> str:
        """Refuse what is no frontal view: it is passed over."""
        return super().refuse(row) or ("" if row.view in FRONTAL_VIEWS else "view-not-frontal")

    def record(self, row: ExportRow, path: str, folder: Path) -> MgcaRecord:
        """Return path and sections; a report with neither has its caption for findings."""
        findings, impression = row.texts.caption("findings"), row.texts.caption("impression")
        facts = row_facts(row)
        facts["split"] = _SPLITS.get(row.split, row.split)
        return MgcaRecord(
            Path=f"{CUT_OFF}/{path}",
            ViewPosition=row.view,
            impression=impression or _BLANK,
            findings=findings or (_BLANK if impression else row.caption),
            **facts,
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write one table of all splits."""
        rows = (entry for split in entries.splits for entry in entries.of(split))
        write_table(files, "master.csv", rows, columns_of(MgcaRecord))
