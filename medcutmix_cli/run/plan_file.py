"""The frozen list of pairs, `plan.parquet`: row group k is shard k. Holds report text, so it is private.

Each refill adds a piece, `plan-1.parquet`, `plan-2.parquet`: its shards are numbered on from those before.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import RunError
from medcutmix_cli.records import Assertion, Edit, Entity, Neighbour, Pair, Parent, Side, TextWeights
from medcutmix_cli.run.arrow_types import field_types, records_table
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS
from medcutmix_cli.system.atomic_files import publish

_DAMAGE: tuple[type[Exception], ...] = (*ARROW_ERRORS, IndexError)
"""IndexError: there is no such shard."""

PLAN_SCHEMA = pa.schema(list(field_types(Pair).items()))


def shard_sizes(pairs: int, shard_size: int) -> list[int]:
    """Cut a number of pairs into shards of `shard_size`, the last one smaller."""
    return [min(shard_size, pairs - start) for start in range(0, pairs, shard_size)]


def write_plan(path: Path, pairs: Sequence[Pair], shard_size: int, progress: Progress | None = None) -> None:
    """Write the plan, one row group a shard; the same pairs give the same bytes.

    Args:
        path: `plan.parquet` of the run folder.
        pairs: In the order of the shards.
        shard_size: Pairs a shard.
        progress: Called with ("writing", pairs written, pairs).
    """
    with (
        publish(path) as temporary,
        pq.ParquetWriter(temporary, PLAN_SCHEMA, compression="zstd", write_page_checksum=True) as writer,
    ):
        for start in range(0, len(pairs), shard_size):
            rows = records_table(list(pairs[start : start + shard_size]), PLAN_SCHEMA)
            writer.write_table(rows, row_group_size=shard_size)
            if progress:
                progress("writing", start + len(rows), len(pairs))


def piece_of(path: Path, refill: int) -> Path:
    """Return where the pairs of a refill lie; 0 is the plan itself."""
    return path.with_name(f"{path.stem}-{refill}{path.suffix}") if refill else path


def read_plan(path: Path, shard: int) -> list[Pair]:
    """Read the pairs of one shard, whichever piece of the plan it is in.

    Raises:
        RunError: The plan is missing, damaged, or has no such shard.
    """
    return [_pair(row) for row in read_shard(path, shard).to_pylist()]


def read_shard(path: Path, shard: int, columns: Sequence[str] | None = None) -> pa.Table:
    """Read some columns of the pairs of one shard, as they lie there; raises as `read_plan` does."""
    try:
        piece, group = _place(path, shard)
        with pq.ParquetFile(piece, metadata=_footer_of(piece), page_checksum_verification=True) as file:
            return file.read_row_group(group, columns=columns)
    except _DAMAGE as error:
        raise _unreadable(f"the plan has no readable shard {shard}", path, error) from error


def _place(path: Path, shard: int) -> tuple[Path, int]:
    """Return the piece of the plan that a shard is in, and its row group there.

    Raises:
        OSError: A piece before it, or its own, is not there.
    """
    for refill in count():
        piece = piece_of(path, refill)
        groups = _footer_of(piece).num_row_groups
        if shard < groups:
            return piece, shard
        shard -= groups
    raise IndexError(shard)


def plan_rows(path: Path, refills: int = 0) -> list[int]:
    """Return the number of pairs of each shard, of so many refills too, by the footers alone.

    Raises:
        RunError: The plan is missing, damaged, or has other columns.
    """
    return [rows for refill in range(refills + 1) for rows in _rows(piece_of(path, refill))]


def _rows(path: Path) -> list[int]:
    try:
        footer = _footer_of(path)
    except ARROW_ERRORS as error:
        raise _unreadable("the plan cannot be read", path, error) from error
    if not footer.schema.to_arrow_schema().equals(PLAN_SCHEMA):
        raise _unreadable("the plan has other columns", path)
    return [footer.row_group(shard).num_rows for shard in range(footer.num_row_groups)]


def _unreadable(what: str, path: Path, error: Exception | None = None) -> RunError:
    """Tell what the system refuses for now from a damaged file: shards that are complete must not be thrown away."""
    refused = isinstance(error, OSError) and error.errno
    said = os.strerror(refused).lower() if refused else "it is damaged"
    hint = "restore it from a copy; without one, plan again in an empty folder"
    if refused and refused != errno.ENOENT:
        hint = "run the same command again when it can be read"
    return RunError(f"{what}: {said}", where=str(path), hint=hint)


def _footer_of(path: Path) -> pq.FileMetaData:
    """Return the plan's footer; with thousands of shards it takes longer to parse than a shard's pairs to read."""
    seen = path.stat()
    return _parsed_footer(path.absolute(), seen.st_ino, seen.st_size, seen.st_mtime_ns)


@lru_cache(maxsize=8)
def _parsed_footer(path: Path, _inode: int, _size: int, _changed: int) -> pq.FileMetaData:
    return pq.read_metadata(path)


def read_whole_plan(path: Path, shards: int) -> Iterator[list[Pair]]:
    """Yield the pairs of each shard in turn."""
    return (read_plan(path, shard) for shard in range(shards))


def _pair(row: dict[str, Any]) -> Pair:
    row["recipient"], row["donor"] = _parent(row["recipient"]), _parent(row["donor"])
    row["edits"] = tuple(Edit(**edit) for edit in row["edits"])
    row["given"], row["labels"] = tuple(row["given"]), tuple(row["labels"])
    row["text_weights"] = TextWeights(**row["text_weights"])
    row["entities"] = tuple(_entity(entity) for entity in row["entities"])
    row["cells"], row["doubted"] = tuple(row["cells"]), tuple(row["doubted"])
    return Pair(**row)


def _entity(row: dict[str, Any]) -> Entity:
    return Entity(**{**row, "assertion": Assertion(row["assertion"]), "side": Side(row["side"])})


def _parent(row: dict[str, Any]) -> Parent:
    neighbours = tuple(Neighbour(**{**n, "side": Side(n["side"])}) for n in row["neighbours"])
    read = {"side": Side(row["side"]), "labels": tuple(row["labels"]), "neighbours": neighbours}
    return Parent(**{**row, **read})
