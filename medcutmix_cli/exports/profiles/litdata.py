"""Parquet without the recipe, in folders that litdata indexes: picture bytes, texts and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource
from medcutmix_cli.exports.profiles.webdataset import PackedEntry
from medcutmix_cli.exports.row import ExportRow, row_facts
from medcutmix_cli.exports.tables import Entry

_ROWS = 64
_TEXT = pa.string()
SCHEMA = pa.schema(
    [
        ("image", pa.binary()),
        ("caption", _TEXT),
        ("report", _TEXT),
        ("view", _TEXT),
        ("labels", pa.list_(pa.float32())),
        *((name, _TEXT) for name in ("key", "source", "split", "subject_id", "study_id")),
        *((name, _TEXT) for name in ("donor_subject_id", "donor_study_id", "finding", "strategy")),
        ("lam", pa.float64()),
        ("laterality", _TEXT),
        ("no_hflip", pa.bool_()),
        ("prompted", pa.bool_()),
    ]
)
"""Flat columns only: litdata's index knows no structs."""


@dataclass(frozen=True)
class LitData:
    """A folder a split of Parquet files with the encoded picture as bytes, caption, report, labels and what tables say.

    `litdata.index_parquet_dataset("OUT/train")` makes the index that litdata asks for.
    """

    reader: ClassVar[str] = 'litdata (`StreamingDataset("OUT/SPLIT", item_loader=ParquetLoader())`)'
    needs_sentences: ClassVar[bool] = False

    def refuse(self, row: ExportRow) -> str:
        """Refuse a row without a caption."""
        return "" if row.caption else "caption-empty"

    def store(self, rows: Iterable[ExportRow], files: PartFiles) -> Iterator[Entry]:
        """Write one file, a few rows in memory."""
        split, _, number = files.part.rpartition("-")
        with (
            files.open_file(f"{split}/part-{number}.parquet") as opened,
            pq.ParquetWriter(opened.path, SCHEMA, compression="zstd", write_page_checksum=True) as writer,
        ):
            for group in _grouped(rows):
                writer.write_table(pa.Table.from_pylist([_columns(row) for row in group], schema=SCHEMA))
                opened.rows += len(group)
                yield from (PackedEntry(key=row.key) for row in group)

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write nothing: all is in the files."""


def _grouped(rows: Iterable[ExportRow]) -> Iterator[list[ExportRow]]:
    group: list[ExportRow] = []
    for row in rows:
        group.append(row)
        if len(group) == _ROWS:
            yield group
            group = []
    if group:
        yield group


def _columns(row: ExportRow) -> dict[str, Any]:
    texts = {"caption": row.caption, "report": row.texts.report, "view": row.view}
    return {"image": row.picture, "labels": row.labels, **texts, **row_facts(row)}
