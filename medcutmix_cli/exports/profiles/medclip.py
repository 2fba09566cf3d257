"""MedCLIP's table of pictures: path, patient, report and 14 labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable, place_picture
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import write_table
from medcutmix_cli.findings import CHEXPERT

LABELS = (
    *("No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Lesion", "Lung Opacity", "Edema"),
    *("Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other"),
    *("Fracture", "Support Devices"),
)
"""In MedCLIP's own order, by which it compares vectors of pictures and of sentences."""

_OWN = ("index", "imgpath", "subject_id", "report", *LABELS)
COLUMNS = (*_OWN, *(name for name in RowFacts.__annotations__ if name not in _OWN))


def ordered_labels(labels: tuple[float, ...]) -> dict[str, float]:
    """Return labels in MedCLIP's order; what is not said is 0, as MedCLIP fills it."""
    by_name = dict(zip(CHEXPERT, labels, strict=True))
    return {name: by_name[name] if by_name[name] == by_name[name] else 0.0 for name in LABELS}


@dataclass(frozen=True)
class MedClip(PictureTable):
    """`local_data/medcutmix-train-meta.csv`: a number, `imgpath`, `subject_id`, `report` and 14 labels.

    A label that is not said is 0.

    `medclip-sentences` writes the table of sentences that it reads beside. Its example flips pictures (p .5): leave
    flips out, or rows with `no_hflip`.

    Attributes:
        root: Folder that paths begin with; by default they are absolute, since MedCLIP joins none.
    """

    root: str = ""

    reader: ClassVar[str] = "MedCLIP (`datalist=['medcutmix-SPLIT']`, run in OUT)"

    def record(self, row: ExportRow, path: str, folder: Path) -> dict[str, Any]:
        """Return path, report and labels."""
        placed = place_picture(path, folder, self.root)
        named = {"imgpath": placed, "report": row.caption}
        return {**named, **row_facts(row), **ordered_labels(row.labels)}

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a table a split, numbered."""
        for split in entries.splits:
            rows = ({"index": number, **entry} for number, entry in enumerate(entries.of(split)))
            write_table(files, f"local_data/medcutmix-{split}-meta.csv", rows, COLUMNS)
