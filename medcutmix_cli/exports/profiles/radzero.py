"""RadZero's list: pictures with short sentences, each of which is matched by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import write_list


class RadZeroRecord(RowFacts):
    """One row.

    Attributes:
        dicom_id: The picture's file below `images`.
        key_phrases: The sentences that name a finding.
    """

    dicom_id: str
    view_position: str
    key_phrases: list[str]


@dataclass(frozen=True)
class RadZero(PictureTable):
    """A JSON list a split with `dicom_id`, `view_position` and `key_phrases`: sentences that name a finding.

    RadZero has a language model write its phrases; these are the report's own words.
    """

    reader: ClassVar[str] = "RadZero (OUT as its `MIMIC-CXR` folder)"
    needs_sentences: ClassVar[bool] = True

    def refuse(self, row: ExportRow) -> str:
        """Refuse a row without phrases: it is passed over."""
        return super().refuse(row) or ("" if row.sentences else "no-sentence")

    def record(self, row: ExportRow, path: str, folder: Path) -> RadZeroRecord:
        """Return the phrases; the path is relative to `images`."""
        return RadZeroRecord(
            dicom_id=path.partition("/")[2],
            view_position=row.view,
            key_phrases=[sentence.text for sentence in row.sentences],
            **row_facts(row),
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a list a split."""
        for split in entries.splits:
            write_list(files, f"{split}.json", entries.of(split))
