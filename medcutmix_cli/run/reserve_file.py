"""The pairs held in reserve, `reserve.parquet`: the first to be taken first. Frozen with the plan, and as private."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.errors import RunError
from medcutmix_cli.records import Pair
from medcutmix_cli.run.arrow_types import records_table
from medcutmix_cli.run.plan_file import PLAN_SCHEMA
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS
from medcutmix_cli.system.atomic_files import publish

RESERVE_SCHEMA = PLAN_SCHEMA.append(pa.field("drop", pa.string()))

_GROUP = 1000
_ASKED = ("pair_id", "split", "finding", "recipient.study_id", "donor.study_id", "cells")


@dataclass(frozen=True, slots=True)
class PairUse:
    """What a refill asks of a pair, planned or in reserve.

    Attributes:
        recipient: Study id (likewise donor).
        cells: Where it counts: cells of targets or, without targets, its finding, "split/finding".
        drop: Why its recipient was left out, "" where it was not.
        unmixed: Whether it is a row of its recipient as it is: its donor gives nothing.
        repeats: Whether such a row is there for a target, beside all others of its recipient.
    """

    pair_id: str
    recipient: str
    donor: str
    cells: tuple[str, ...]
    drop: str = ""
    unmixed: bool = False
    repeats: bool = False


def write_reserve(path: Path, pairs: Sequence[Pair], dropped: Mapping[str, str]) -> None:
    """Write the reserve, an empty one too; the same pairs give the same bytes.

    Args:
        path: `reserve.parquet` of the run folder.
        pairs: The first to be taken first.
        dropped: Why studies were left out, by id.
    """
    with (
        publish(path) as temporary,
        pq.ParquetWriter(temporary, RESERVE_SCHEMA, compression="zstd", write_page_checksum=True) as writer,
    ):
        for start in range(0, len(pairs), _GROUP):
            some = list(pairs[start : start + _GROUP])
            drops = pa.array([dropped.get(pair.recipient.study_id, "") for pair in some], pa.string())
            rows = records_table(some, PLAN_SCHEMA).append_column("drop", drops)
            writer.write_table(rows.cast(RESERVE_SCHEMA))


def read_uses(path: Path) -> list[PairUse]:
    """Read what a refill asks of the pairs of a reserve, or of a piece of a plan, in their order.

    Raises:
        RunError: It is missing or damaged.
    """
    with _opened(path) as file:
        drop = ["drop"] if "drop" in file.schema_arrow.names else []
        return [_use(row) for row in _read(file, path, [*_ASKED, *drop]).to_pylist()]


def write_piece(piece: Path, reserve: Path, taken: Sequence[int], shard_size: int) -> None:
    """Copy pairs of the reserve into a piece of the plan, one row group a shard.

    Args:
        piece: See `plan_file.piece_of`.
        reserve: `reserve.parquet` of the run folder.
        taken: Positions in the reserve, ascending.
        shard_size: Pairs a shard.

    Raises:
        RunError: The reserve is missing or damaged.
    """
    table = _chosen(reserve, taken)
    with (
        publish(piece) as temporary,
        pq.ParquetWriter(temporary, PLAN_SCHEMA, compression="zstd", write_page_checksum=True) as writer,
    ):
        for start in range(0, len(taken), shard_size):
            writer.write_table(table.slice(start, shard_size), row_group_size=shard_size)


def _chosen(reserve: Path, taken: Sequence[int]) -> pa.Table:
    """Return some pairs of the reserve; no more than one row group of the others is in memory."""
    parts, before = [PLAN_SCHEMA.empty_table()], 0
    with _opened(reserve) as file:
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            inside = pa.array([place - before for place in taken if 0 <= place - before < rows], pa.int64())
            if len(inside):
                parts.append(_read(file, reserve, PLAN_SCHEMA.names, [group]).take(inside).cast(PLAN_SCHEMA))
            before += rows
    return pa.concat_tables(parts)


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except ARROW_ERRORS as error:
        raise _unreadable(path) from error


def _read(
    file: pq.ParquetFile, path: Path, columns: Sequence[str], groups: Sequence[int] | None = None
) -> pa.Table:
    try:
        return file.read_row_groups(range(file.num_row_groups) if groups is None else groups, list(columns))
    except ARROW_ERRORS as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> RunError:
    hint = "restore it from a copy; without one, plan again in an empty folder"
    return RunError("pairs of the plan, or of its reserve, cannot be read", where=str(path), hint=hint)


def _use(row: dict[str, Any]) -> PairUse:
    return PairUse(
        pair_id=row["pair_id"],
        recipient=row["recipient"]["study_id"],
        donor=row["donor"]["study_id"],
        cells=tuple(row["cells"]) or (f"{row['split']}/{row['finding']}",),
        drop=row.get("drop", ""),
        unmixed=not row["finding"],
        repeats=not row["finding"] and bool(row["cells"]),
    )
