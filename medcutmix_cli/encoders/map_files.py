"""Files of maps that another model has made: checked whole, read row group by row group. Knows no picture.

A Parquet file holds one row a map, in any order:

    image_id  string       the picture's id in its data set (MIMIC-CXR: dicom_id)
    sentence  string       the map's query; white space does not count
    map       list<float>  grid_h * grid_w scores (16, 32 or 64 bits), row by row from the top; NaN says nothing
    grid_h    integer      rows, 1 to 128
    grid_w    integer      columns, 1 to 128
    frame     string       "picture": the grid covers the original picture exactly; "canvas": the smallest square
                           around it, the picture in its middle

and, as metadata of its schema, all optional: `model` and `licence` (kept on the card), `map_kind` (one of
`encoders.base.MAP_KINDS`) and `scores`: "logit" (the default: softmax over the cells is the attention) or "attention"
(at least 0; its logarithm is taken). Row groups of about 1,000 rows are best: a group is decoded at once.

An .npz file is read whole. It holds `image_id` (n,), `sentence` (n,), `maps` (n, grid_h, grid_w), and as optional
scalars `frame` ("picture" if left out), `model`, `licence`, `map_kind` and `scores`.
"""

from __future__ import annotations

import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from medcutmix_cli.encoders.map_rows import COLUMNS, FRAMES, PAGE_OF_MAPS, NpzRows, Origin, ParquetRows, Rows
from medcutmix_cli.errors import EncoderError, cause
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.seeds import stable_hash
from medcutmix_cli.system.file_hash import file_sha256

LARGEST_GRID = 128

_KEPT_CELLS = 16_000_000  # 64 MB of float32
_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True, slots=True, eq=False)
class StoredMap:
    """One map.

    Attributes:
        scores: (grid_h, grid_w) float32 logits, NaN where the map says nothing.
        frame: One of `FRAMES`.
    """

    scores: npt.NDArray[np.float32]
    frame: str


@dataclass(frozen=True, slots=True, eq=False)
class MapFile:
    """All maps of one file, by picture and sentence. Safe to use from several threads.

    Attributes:
        sha256: Of the file.
        origin: Who made them.
        grids: For each frame in use, the largest (grid_h, grid_w), each by itself.
        keys: (n,) uint64 hashes of picture and sentence, sorted: 12 bytes a map instead of its text.
        order: (n,) int32 row of each key.
    """

    sha256: str
    origin: Origin
    grids: dict[str, tuple[int, int]]
    keys: npt.NDArray[np.uint64]
    order: npt.NDArray[np.int32]
    _rows: Rows
    _groups: OrderedDict[int, pa.Table] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, image_id: str, sentence: str) -> StoredMap | None:
        """Return the map of a sentence over a picture, None where there is none."""
        key = _key(image_id, sentence)
        at = int(np.searchsorted(self.keys, key))
        if at == len(self.keys) or self.keys[at] != key:
            return None
        row = int(self.order[at])
        number = int(np.searchsorted(self._rows.starts, row, side="right")) - 1
        found = self._group(number).slice(row - int(self._rows.starts[number]), 1).to_batches()[0]
        values = _values(found).reshape(found["grid_h"][0].as_py(), found["grid_w"][0].as_py())
        return StoredMap(_logits(values, self.origin.scores), found["frame"][0].as_py())

    def _group(self, number: int) -> pa.Table:
        """Return a group, from memory where it was used lately."""
        with self._lock:
            if number not in self._groups:
                self._groups[number] = self._rows.group(number)
            self._groups.move_to_end(number)
            while len(self._groups) > 1 and sum(map(_cells, self._groups.values())) > _KEPT_CELLS:
                self._groups.popitem(last=False)
            return self._groups[number]


def _cells(group: pa.Table) -> int:
    return sum(len(chunk.values) for chunk in group["map"].chunks)


def _key(image_id: str, sentence: str) -> np.uint64:
    return np.uint64(int(stable_hash(image_id, fold(sentence)), 16))


def _values(batch: pa.RecordBatch) -> npt.NDArray[np.float32]:
    flat = pc.list_flatten(batch["map"]).to_numpy(zero_copy_only=False)
    return np.asarray(flat, dtype=np.float32)


def _logits(values: npt.NDArray[np.float32], scores: str) -> npt.NDArray[np.float32]:
    """Turn attention into log(attention * cells): 0 is an even spread."""
    if scores == "logit":
        return values
    return np.asarray(np.log(np.maximum(values, _TINY) * np.float32(values.size)), dtype=np.float32)


def open_maps(path: Path) -> MapFile:
    """Open a file of maps and check every row of it.

    Raises:
        EncoderError: It is missing, damaged or empty, or a row breaks the rules; the row is named by its number and
            image_id, never by its sentence.
    """
    readers: dict[str, Callable[[Path], Rows]] = {".parquet": ParquetRows, ".npz": NpzRows}
    if path.suffix not in readers:
        raise EncoderError(
            "maps are read from .parquet and .npz files",
            where=str(path),
            hint="`python -c 'import medcutmix_cli.encoders.map_files as m; help(m)'` says what they hold",
        )
    try:
        rows = readers[path.suffix](path)
        keys, grids = _checked(rows)
        order = np.argsort(keys, kind="stable").astype(np.int32)
        _check_unique(keys, order, rows)
        return MapFile(file_sha256(path), rows.origin, grids, keys[order], order, rows)
    except (OSError, pa.ArrowException, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise EncoderError(
            f"the file of maps cannot be read ({cause(error)})",
            where=str(path),
            hint="is it whole, and written as the module map_files says?",
        ) from error


def _checked(rows: Rows) -> tuple[npt.NDArray[np.uint64], dict[str, tuple[int, int]]]:
    """Check all rows; return their keys and the largest grid of each frame."""
    keys: list[npt.NDArray[np.uint64]] = []
    grids: dict[str, tuple[int, int]] = {}
    first = 0
    for batch in rows.batches():
        _check_batch(batch, first, rows)
        for frame, height, width in _shapes(batch):
            before = grids.get(frame, (0, 0))
            grids[frame] = (max(before[0], height), max(before[1], width))
        pairs = zip(batch["image_id"].to_pylist(), batch["sentence"].to_pylist(), strict=True)
        keys.append(np.fromiter((_key(*pair) for pair in pairs), np.uint64, len(batch)))
        first += len(batch)
    if not first:
        raise EncoderError(
            "the file holds no map", where=rows.where, hint="write at least one: docs/encoders.md says how"
        )
    return np.concatenate(keys), grids


def _shapes(batch: pa.RecordBatch) -> set[tuple[str, int, int]]:
    names = ["frame", "grid_h", "grid_w"]
    seen = pa.Table.from_batches([batch]).group_by(names, use_threads=False).aggregate([])
    return {(row["frame"], row["grid_h"], row["grid_w"]) for row in seen.to_pylist()}


def _check_batch(batch: pa.RecordBatch, first: int, rows: Rows) -> None:
    """Refuse the first row that breaks a rule."""
    if not len(batch):
        return
    for name in COLUMNS:
        _refuse(pc.is_null(batch[name]), f"{name} is missing", batch, first, rows)
    heights, widths = (np.asarray(batch[name], dtype=np.int64) for name in ("grid_h", "grid_w"))
    small = (heights < 1) | (widths < 1) | (heights > LARGEST_GRID) | (widths > LARGEST_GRID)
    _refuse(small, f"a grid has 1 to {LARGEST_GRID} rows and columns", batch, first, rows)
    lengths = np.asarray(pc.list_value_length(batch["map"]), dtype=np.int64)
    _refuse(lengths != heights * widths, "map does not hold grid_h * grid_w values", batch, first, rows)
    _refuse(
        pc.invert(pc.is_in(batch["frame"], pa.array(FRAMES))),
        f"frame is none of {', '.join(FRAMES)}",
        batch,
        first,
        rows,
    )
    values = _values(batch)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    with np.errstate(over="ignore"):
        endless = np.isinf(values.astype(np.float16))
    _refuse(np.logical_or.reduceat(endless, starts), "map has a value no float16 holds", batch, first, rows)
    _refuse(np.logical_and.reduceat(np.isnan(values), starts), "map holds no number", batch, first, rows)
    if rows.origin.scores == "attention":
        _refuse(np.logical_or.reduceat(values < 0, starts), "attention is below 0", batch, first, rows)


def _refuse(wrong: Any, what: str, batch: pa.RecordBatch, first: int, rows: Rows) -> None:
    at = np.flatnonzero(np.asarray(wrong))
    if len(at):
        image_id = batch["image_id"][int(at[0])].as_py()
        raise EncoderError(
            f"{what}: row {first + int(at[0])}, image_id {image_id!r}",
            where=rows.where,
            hint=PAGE_OF_MAPS,
        )


def _check_unique(keys: npt.NDArray[np.uint64], order: npt.NDArray[np.int32], rows: Rows) -> None:
    same = np.flatnonzero(np.diff(keys[order]) == 0)
    if len(same):
        one, two = sorted(int(order[at]) for at in (same[0], same[0] + 1))
        group = int(np.searchsorted(rows.starts, one, side="right")) - 1
        image_id = rows.group(group)["image_id"][one - int(rows.starts[group])].as_py()
        raise EncoderError(
            f"two maps of one picture and sentence: rows {one} and {two}, image_id {image_id!r}",
            where=rows.where,
            hint=f"{len(same)} map(s) too many; white space in sentences does not count",
        )
