"""WebDataset tars: picture, caption and a JSON of everything under one key, as open_clip reads them."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar, TypedDict

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import Entry, json_text
from medcutmix_cli.findings import CHEXPERT


class WebDatasetRecord(RowFacts):
    """`KEY.json`: a text that there is not is left out, so that a reader that chooses among texts finds the next."""

    caption: str
    report: str
    findings: str
    impression: str
    view: str
    labels: dict[str, float]


class PackedEntry(TypedDict):
    """What is noted of a row that lies in a tar: nothing is listed elsewhere."""

    key: str


@dataclass(frozen=True)
class WebDatasetTars:
    """Tars `train-00000.tar` with `KEY.png`, `KEY.txt` and `KEY.json`, a tar a shard with rows, and `sizes.json`."""

    reader: ClassVar[str] = (
        "open_clip (`--dataset-type webdataset --train-data 'OUT/SPLIT-{00000..LAST}.tar' --workers 1`)"
    )
    needs_sentences: ClassVar[bool] = False

    def refuse(self, row: ExportRow) -> str:
        """Refuse a row without a caption."""
        return "" if row.caption else "caption-empty"

    def store(self, rows: Iterable[ExportRow], files: PartFiles) -> Iterator[Entry]:
        """Write one tar."""
        with (
            files.open_file(f"{files.part}.tar") as opened,
            tarfile.open(opened.path, "w", format=tarfile.USTAR_FORMAT) as tar,
        ):
            for row in rows:
                _add(tar, row)
                opened.rows += 1
                yield PackedEntry(key=row.key)

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write nothing: all is in the tars."""


def _add(tar: tarfile.TarFile, row: ExportRow) -> None:
    """Add the members of a row one after the other: readers group what follows each other."""
    suffix = row.picture_name.rpartition(".")[2]
    members = {
        suffix: row.picture,
        "txt": row.caption.encode(),
        "json": json_text(_described(row)).encode(),
    }
    for ending, content in members.items():
        member = tarfile.TarInfo(f"{row.key}.{ending}")
        member.size, member.mode = len(content), 0o600
        tar.addfile(member, BytesIO(content))


def _described(row: ExportRow) -> dict[str, Any]:
    record = WebDatasetRecord(
        caption=row.caption,
        report=row.texts.report,
        findings=row.texts.findings,
        impression=row.texts.impression,
        view=row.view,
        labels=dict(zip(CHEXPERT, row.labels, strict=True)),
        **row_facts(row),
    )
    return {
        name: value for name, value in record.items() if value != "" or name not in ("findings", "impression")
    }
