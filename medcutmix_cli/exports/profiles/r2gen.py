"""R2Gen's `annotation.json`, which report generators of its family read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import SPLITS, EntrySource, PictureTable
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import write_lists

_NAMES = {"train": "train", "validate": "val", "test": "test"}


class AnnotationRecord(RowFacts):
    """One row of a split's list; `split` is R2Gen's own word for it."""

    id: str
    report: str
    image_path: list[str]


@dataclass(frozen=True)
class R2Gen(PictureTable):
    """`annotation.json` with the lists `train`, `val` and `test`, and the pictures below `images`."""

    reader: ClassVar[str] = (
        "R2Gen, R2GenCMN, DCL, PromptMRG (`--ann_path OUT/annotation.json --image_dir OUT/images`)"
    )

    def record(self, row: ExportRow, path: str, folder: Path) -> AnnotationRecord:
        """Return report and pictures; the path is relative to `images`."""
        facts = row_facts(row)
        facts["split"] = _NAMES[row.split]
        return AnnotationRecord(id=row.key, report=row.caption, image_path=[path.partition("/")[2]], **facts)

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write all three lists; one that has no row is empty."""
        write_lists(files, "annotation.json", {_NAMES[split]: entries.of(split) for split in SPLITS})
