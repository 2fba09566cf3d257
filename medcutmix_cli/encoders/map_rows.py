"""The rows of a file of maps, Parquet or .npz, in one shape: `map_files` says what they hold and checks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.encoders.base import MAP_KINDS
from medcutmix_cli.errors import EncoderError

FRAMES = ("picture", "canvas")
SCORES = ("logit", "attention")
COLUMNS = ["image_id", "sentence", "map", "grid_h", "grid_w", "frame"]

PAGE_OF_MAPS = "docs/encoders.md says what a file of maps holds"
"""What is said to whoever wrote one otherwise."""

_BATCH = 4096  # rows


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made the maps, as their file says.

    Attributes:
        scores: One of `SCORES`.
    """

    model: str = ""
    licence: str = ""
    map_kind: str = "precomputed"
    scores: str = "logit"


class Rows(Protocol):
    """The rows of a file in groups."""

    where: str
    origin: Origin
    starts: npt.NDArray[np.int64]
    """(groups + 1,) first row of each group, and the number of rows."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order, a few thousand at a time."""

    def group(self, number: int) -> pa.Table:
        """Return one group."""


class ParquetRows:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        self.path, self.where = path, str(path)
        with pq.ParquetFile(path) as file:
            self.metadata = file.metadata
            schema = file.schema_arrow
        _check_schema(schema, self.where)
        self.origin = _origin(
            {k.decode(): v.decode() for k, v in (schema.metadata or {}).items()}, self.where
        )
        counts = [self.metadata.row_group(k).num_rows for k in range(self.metadata.num_row_groups)]
        self.starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        with pq.ParquetFile(self.path, metadata=self.metadata) as file:
            for groups in self._bundles():
                yield from file.iter_batches(_BATCH, row_groups=groups, columns=COLUMNS, use_threads=False)

    def _bundles(self) -> Iterator[list[int]]:
        """Yield row groups in bundles of about a batch: the reader holds on to all that it is given at once."""
        cuts = np.searchsorted(self.starts, np.arange(0, self.starts[-1], _BATCH))
        edges = sorted({*cuts.tolist(), len(self.starts) - 1})
        return (list(range(*edge)) for edge in pairwise(edges))

    def group(self, number: int) -> pa.Table:
        """Return one row group, without the sentences."""
        columns = [name for name in COLUMNS if name != "sentence"]
        with pq.ParquetFile(self.path, metadata=self.metadata) as file:
            return file.read_row_group(number, columns=columns, use_threads=False).combine_chunks()


def _check_schema(schema: pa.Schema, where: str) -> None:
    wanted = {
        "image_id": "string",
        "sentence": "string",
        "map": "list<float>",
        "grid_h": "integer",
        "grid_w": "integer",
        "frame": "string",
    }
    for name, kind in wanted.items():
        if name not in schema.names or not _is(kind, schema.field(name).type):
            found = schema.field(name).type if name in schema.names else "missing"
            raise EncoderError(
                f"the column {name!r} must be {kind}, and is {found}",
                where=where,
                hint=PAGE_OF_MAPS,
            )


def _is(kind: str, found: pa.DataType) -> bool:
    if kind == "string":
        return bool(pa.types.is_string(found) or pa.types.is_large_string(found))
    if kind == "integer":
        return bool(pa.types.is_integer(found))
    listed = pa.types.is_list(found) or pa.types.is_large_list(found) or pa.types.is_fixed_size_list(found)
    return bool(listed and pa.types.is_floating(found.value_type))


class NpzRows:
    """An .npz file, held in memory as one group."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        with np.load(path, allow_pickle=False) as arrays:
            maps = arrays["maps"]
            said = {name: str(arrays[name]) for name in ("frame", *Origin.__slots__) if name in arrays}
            ids = {name: arrays[name] for name in ("image_id", "sentence")}
        if maps.ndim != 3 or not np.issubdtype(maps.dtype, np.floating):
            raise EncoderError(
                "maps must be (n, grid_h, grid_w) floats",
                where=self.where,
                hint=PAGE_OF_MAPS,
            )
        if any(values.shape != maps.shape[:1] for values in ids.values()):
            raise EncoderError(
                "image_id, sentence and maps must be of one length",
                where=self.where,
                hint="give each map its image_id and its sentence",
            )
        self.origin = _origin(said, self.where)
        self.table = _as_table(ids, maps, said.get("frame", "picture"))
        self.starts = np.array([0, len(maps)], np.int64)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        yield from self.table.to_batches(max_chunksize=_BATCH)

    def group(self, _number: int) -> pa.Table:
        """Return all rows."""
        return self.table


def _as_table(ids: dict[str, npt.NDArray[Any]], maps: npt.NDArray[Any], frame: str) -> pa.Table:
    count, height, width = maps.shape
    # A value that float16 cannot hold becomes infinite here and is refused with the rest.
    with np.errstate(over="ignore"):
        flat = pa.array(maps.astype(np.float16).ravel())
    return pa.table(
        {
            **{name: pa.array(values.astype(str).tolist(), pa.string()) for name, values in ids.items()},
            "map": pa.FixedSizeListArray.from_arrays(flat, height * width),
            "grid_h": pa.array(np.full(count, height, np.int16)),
            "grid_w": pa.array(np.full(count, width, np.int16)),
            "frame": pa.array([frame] * count, pa.string()),
        }
    )


def _origin(said: dict[str, str], where: str) -> Origin:
    origin = Origin(**{name: said[name] for name in Origin.__slots__ if name in said})
    for name, known in (("map_kind", MAP_KINDS), ("scores", SCORES)):
        if getattr(origin, name) not in known:
            raise EncoderError(f"{name} is none of {', '.join(known)}", where=where)
    return origin
