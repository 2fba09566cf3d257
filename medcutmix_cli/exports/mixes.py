"""The rows of a run as rows to export, read from its shards. Knows no data set and no profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from medcutmix_cli.exports.laterality import find_laterality
from medcutmix_cli.exports.row import MADE_FROM_LABELS, ExportRow, RowTexts
from medcutmix_cli.exports.sentences import SentenceReader
from medcutmix_cli.records import Drop
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.shards import Row, is_unmixed, read_rows

_SECTIONS = ("findings", "impression", "last_paragraph", "indication")
COLUMNS = check_names(
    *(
        "pair_id",
        "image",
        "report",
        *_SECTIONS,
        "finding",
        "finding_a",
        "image_mode",
        "split",
        "strategy",
        "lam",
        "label_mixed",
    ),
    *("subject_id_a", "study_id_a", "view_a", "subject_id_b", "study_id_b"),
    *("prompted_a", "prompted_b"),
)
"""What is read of each row."""


NOT_MIXED = "not-mixed-beside-originals"


@dataclass(frozen=True, slots=True)
class ShardMixes:
    """The rows of one split in one shard.

    Attributes:
        caption: One of `row.CAPTIONS`.
        picture_format: How the run stores its pictures.
        reader: Reads sentences; None where nobody asks for them.
        mixed_only: Whether studies that the run has as they are are left out: the originals lie beside.
        wanted: Ids of rows that a target asked for: a study that it repeats comes once more beside the originals.
    """

    shard: Path
    split: str
    caption: str
    picture_format: str
    reader: SentenceReader | None
    mixed_only: bool = False
    wanted: frozenset[str] = frozenset()

    def rows(self) -> Iterator[ExportRow | Drop]:
        """Yield the rows in the order of the shard, a row group in memory."""
        for row in read_rows(self.shard, COLUMNS):
            if row["split"] != self.split:
                continue
            reason = self._left_out(row) if is_unmixed(row) else ""
            yield Drop("pair", row["pair_id"], reason) if reason else self._row(row)

    def _left_out(self, unmixed: Row) -> str:
        """Name why a study as it is is left out, as it would be among the originals; "" where it is not."""
        if unmixed["prompted_a"]:
            return MADE_FROM_LABELS
        return NOT_MIXED if self.mixed_only and unmixed["pair_id"] not in self.wanted else ""

    def _row(self, row: Row) -> ExportRow:
        return _as_original(self._mixed(row)) if is_unmixed(row) else self._mixed(row)

    def _mixed(self, row: Row) -> ExportRow:
        texts = RowTexts(row["report"], *(fold(row[name] or "") for name in _SECTIONS))
        sides = find_laterality(row["report"])
        return ExportRow(
            key=f"mix-{row['pair_id']}",
            source="mix",
            split=row["split"],
            subject_id=row["subject_id_a"],
            study_id=row["study_id_a"],
            donor_subject_id=row["subject_id_b"],
            donor_study_id=row["study_id_b"],
            finding=row["finding"],
            strategy=row["strategy"],
            lam=row["lam"],
            view=row["view_a"],
            texts=texts,
            caption=texts.caption(self.caption),
            labels=tuple(row["label_mixed"]),
            sentences=self.reader.read(row["report"], row["study_id_a"]) if self.reader else (),
            laterality=str(sides.side),
            no_hflip=sides.no_hflip,
            picture=row["image"]["bytes"],
            picture_format=self.picture_format,
            prompted=row["prompted_a"] or row["prompted_b"],
        )


def _as_original(row: ExportRow) -> ExportRow:
    """Return a row in which nothing is mixed as what it is: an original, to which nobody gave anything."""
    return replace(
        row,
        key=f"kept-{row.key.removeprefix('mix-')}",
        source="original",
        donor_subject_id="",
        donor_study_id="",
        finding="",
        strategy="",
        lam=1.0,
        prompted=False,
    )
