"""Mosaic's MDS shards, written as its own writer lays them out: version 2, not compressed.

https://docs.mosaicml.com/projects/streaming/en/stable/preparing_datasets/dataset_format.html
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, groupby
from tempfile import TemporaryFile
from typing import Any, ClassVar, TypedDict

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource
from medcutmix_cli.exports.row import ExportRow, row_facts
from medcutmix_cli.exports.tables import Entry, json_text
from medcutmix_cli.findings import CHEXPERT

_TEXTS = ("caption", "report", "view", "key", "source", "split", "subject_id", "study_id", "donor_subject_id")
_MORE_TEXTS = ("donor_study_id", "finding", "strategy", "laterality")
_ENCODINGS = {
    "image": "bytes",
    **dict.fromkeys((*_TEXTS, *_MORE_TEXTS), "str"),
    "labels": "json",
    "lam": "float64",
    "no_hflip": "int",
    "prompted": "int",
}
_DECODED = {"png": "png", "jpeg": "jpeg"}
"""Formats that the reader makes pictures of; others stay bytes."""

_SIZES = {"float64": 8, "int": 8}
"""Bytes of what always has as many; before others their length is written."""


class MdsEntry(TypedDict):
    """What the index needs of a row.

    Attributes:
        shard: Name of its file.
        bytes: Of its sample.
        picture_format: Of its picture; of all pictures of a run.
    """

    shard: str
    bytes: int
    picture_format: str


@dataclass(frozen=True)
class Mds:
    """A folder a split of MDS shards: picture, caption, report, labels and ids; one for each shard of the run."""

    reader: ClassVar[str] = 'Mosaic streaming (`StreamingDataset(local="OUT", split="SPLIT")`)'
    needs_sentences: ClassVar[bool] = False

    def refuse(self, row: ExportRow) -> str:
        """Refuse a row without a caption."""
        return "" if row.caption else "caption-empty"

    def store(self, rows: Iterable[ExportRow], files: PartFiles) -> Iterator[Entry]:
        """Write one shard; samples wait in a file, as their places stand before them."""
        split, _, number = files.part.rpartition("-")
        name, entries = f"shard.{number}.mds", list[MdsEntry]()
        with TemporaryFile(dir=files.folder) as samples:
            for row in rows:
                sample = _sample(row)
                samples.write(sample)
                entries.append(MdsEntry(shard=name, bytes=len(sample), picture_format=row.picture_format))
            samples.seek(0)
            with files.open_file(f"{split}/{name}") as opened, opened.path.open("wb") as handle:
                handle.write(_head(entries))
                shutil.copyfileobj(samples, handle)
                opened.rows = len(entries)
        yield from entries

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write the index of each split, which lists its shards."""
        for split in entries.splits:
            shards = [_listed(list(of_one)) for _, of_one in groupby(entries.of(split), lambda e: e["shard"])]
            with files.open_file(f"{split}/index.json") as opened:
                text = json.dumps({"shards": shards, "version": 2}, sort_keys=True)
                opened.path.write_text(text, encoding="utf-8")


def _encodings(picture_format: str) -> dict[str, str]:
    """Return the encoding of each column, in the order of the file."""
    whole = {**_ENCODINGS, "image": _DECODED.get(picture_format, "bytes")}
    return {name: whole[name] for name in sorted(whole)}


def _config(picture_format: str) -> dict[str, Any]:
    encodings = _encodings(picture_format)
    return {
        "column_encodings": list(encodings.values()),
        "column_names": list(encodings),
        "column_sizes": [_SIZES.get(encoding) for encoding in encodings.values()],
        "compression": None,
        "format": "mds",
        "hashes": [],
        "size_limit": None,
        "version": 2,
    }


def _sample(row: ExportRow) -> bytes:
    """Return the lengths of what may have any, and then all values."""
    labels = dict(zip(CHEXPERT, row.labels, strict=True))
    texts = {"caption": row.caption, "report": row.texts.report, "view": row.view}
    values: Mapping[str, Any] = {"image": row.picture, "labels": labels, **texts, **row_facts(row)}
    encodings = _encodings(row.picture_format)
    parts = {name: _encoded(encoding, values[name]) for name, encoding in encodings.items()}
    lengths = [len(part) for name, part in parts.items() if encodings[name] not in _SIZES]
    return struct.pack(f"<{len(lengths)}I", *lengths) + b"".join(parts.values())


def _encoded(encoding: str, value: Any) -> bytes:
    if encoding == "str":
        return str(value).encode()
    if encoding == "json":
        return json_text(value).encode()
    if encoding == "float64":
        return struct.pack("<d", value)
    return struct.pack("<q", value) if encoding == "int" else bytes(value)


def _head(entries: list[MdsEntry]) -> bytes:
    """Return number of samples, where each begins and the last ends, and the configuration."""
    config = json.dumps(_config(entries[0]["picture_format"]), sort_keys=True).encode()
    begin = 4 + 4 * (len(entries) + 1) + len(config)
    places = list(accumulate((entry["bytes"] for entry in entries), initial=begin))
    return struct.pack(f"<{len(places) + 1}I", len(entries), *places) + config


def _listed(entries: list[Any]) -> dict[str, Any]:
    """Return what the index says of one shard."""
    length = len(_head(entries)) + sum(entry["bytes"] for entry in entries)
    raw = {"basename": entries[0]["shard"], "bytes": length, "hashes": {}}
    return {
        **_config(entries[0]["picture_format"]),
        "raw_data": raw,
        "samples": len(entries),
        "zip_data": None,
    }
