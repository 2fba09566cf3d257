"""Where the rows of shards lie, and one row or row group of them at a time. Knows no model, no loss, no worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import has_magic
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medcutmix_cli.errors import RunError, ShardError, UsageError, suggest
from medcutmix_cli.loader.row_filter import KeptRows, RowFilter
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.contents import Contents, open_contents, read_table
from medcutmix_cli.run.shards import Row, read_head
from medcutmix_cli.system.arrow_errors import ARROW_ERRORS
from medcutmix_cli.system.counts import most_frequent
from medcutmix_cli.system.readable import count_line

Source = str | Path | Sequence[str | Path]
"""A run folder, a folder of shards, a shard, a glob of any of them, or several of these."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The unit of reading.

    Attributes:
        path: Absolute path of the shard.
        group: Number of the row group in it.
        rows: How many of its rows are wanted: of all of them 32, but for the last of a shard.
        kept: Their places in it; None for all.
    """

    path: Path
    group: int
    rows: int
    kept: KeptRows = None


def find_groups(
    source: Source, *, partial: bool = False, wanted: RowFilter | None = None
) -> tuple[RowGroup, ...]:
    """List the row groups of a source, in the order of its shards, from their footers; those without a wanted row not.

    A run's own folder of shards is the run: all of its shards are to be there.

    Args:
        source: Where to look.
        partial: Take a run of which some shards are not rendered yet.
        wanted: Which rows; by default all.

    Raises:
        RunError: There is neither run nor shard, or a run is not complete and `partial` is not set.
        ShardError: A shard is damaged, of another schema version, or named twice.
        UsageError: There are rows, but none that is wanted.
    """
    shards = [shard for path in _named(source) for shard in _shards(path, partial=partial)]
    twice = [shard for shard, count in Counter(shards).items() if count > 1]
    if twice:
        raise ShardError(
            "this shard is named twice: its rows would come twice",
            where=str(twice[0]),
            hint="name each shard once",
        )
    chosen = wanted or RowFilter()
    groups = tuple(group for shard in shards for group in _groups(shard, chosen))
    if not groups and not chosen.takes_all:
        _refuse_nothing(shards, chosen)
    return groups


def _refuse_nothing(shards: Sequence[Path], wanted: RowFilter) -> None:
    """Say what there is where there are rows, but none that is wanted."""
    rows = read_table([read_head(shard) for shard in shards], ("split", "finding"))
    if rows.num_rows:
        there = (
            count_line(most_frequent(Counter(map(_told, rows[name].to_pylist()))))
            for name in rows.column_names
        )
        told = "; ".join(f"{name}: {counts}" for name, counts in zip(rows.column_names, there, strict=True))
        raise UsageError(f"none of {rows.num_rows:,} rows is of {wanted}", hint=f"there are {told}")


def _told(value: str) -> str:
    return value or '""'


def _named(source: Source) -> list[Path]:
    named = [source] if isinstance(source, str | Path) else list(source)
    found = [path for name in named for path in _expanded(str(name))]
    if not found:
        raise RunError("no path was named", hint="a run folder, a shard or a glob of shards")
    return found


def _expanded(name: str) -> list[Path]:
    path = Path(name)
    if path.exists() or not has_magic(name):
        return [path]
    found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    if not found:
        raise RunError(
            "no file fits this pattern", where=name, hint="quote the pattern, and look where the run lies"
        )
    return found


def _shards(path: Path, *, partial: bool) -> list[Path]:
    contents = open_contents(path)
    missing = _missing(contents)
    if missing and not partial:
        raise RunError(
            f"{missing} shards of this run are not rendered yet",
            where=str(path),
            hint="render them, or say partial=True to train on what is there",
        )
    return [head.path.absolute() for head in contents.heads]


def _missing(contents: Contents) -> int:
    if contents.kind == "shard" or contents.record is None:
        return 0
    return len(contents.record.shards) - len(contents.heads)


def _groups(shard: Path, wanted: RowFilter) -> Iterator[RowGroup]:
    with open_shard(shard) as file:
        for group, kept in enumerate(wanted.choose(file)):
            rows = file.metadata.row_group(group).num_rows if kept is None else len(kept)
            if rows or wanted.takes_all:
                yield RowGroup(shard, group, rows, kept)


def check_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns, each once.

    Raises:
        UsageError: There is no column of that name, or none was asked for.
    """
    known = [column.name for column in COLUMNS]
    for name in columns:
        if name not in known:
            raise UsageError(f"there is no column {name!r}", hint=suggest(name, known))
    if not columns:
        raise UsageError("no column was asked for", hint="columns=BASIC")
    return tuple(dict.fromkeys(columns))


def read_group(place: RowGroup, columns: Sequence[str]) -> pa.Table:
    """Read some columns of one row group; the file is closed again, no thread is started (workers may be forked).

    Raises:
        ShardError: The shard is gone, or a page of it is damaged.
    """
    [table] = read_groups([place], columns)
    return table


def read_groups(places: Sequence[RowGroup], columns: Sequence[str]) -> list[pa.Table]:
    """Read some columns of several row groups of one shard, in the order that is asked, with one opening.

    Raises:
        ShardError: As `read_group`.
    """
    with open_shard(places[0].path) as file:
        sizes = [file.metadata.row_group(place.group).num_rows for place in places]
        read = file.read_row_groups([p.group for p in places], columns=list(columns), use_threads=False)
    starts = accumulate(sizes, initial=0)
    tables = [read.slice(start, size) for start, size in zip(starts, sizes, strict=False)]
    return [_wanted_of(table, place) for table, place in zip(tables, places, strict=True)]


def _wanted_of(table: pa.Table, place: RowGroup) -> pa.Table:
    return table if place.kept is None else table.take(list(place.kept))


@contextmanager
def open_shard(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a shard to read some of it; it is closed again.

    Raises:
        ShardError: It is gone, or a page that was read of it is damaged.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            yield file
    except ARROW_ERRORS as error:
        raise ShardError(
            "this shard is gone, or a page of it is damaged",
            where=str(path),
            hint="verify the run: medcutmix verify RUN",
        ) from error


def table_row(table: pa.Table, index: int) -> Row:
    """Return one row; lists of numbers are flat numpy arrays of their stored type, the rest plain Python."""
    return {name: _value(table.column(name), index) for name in table.column_names}


def _value(column: pa.ChunkedArray, index: int) -> Any:
    value = column[index]
    if pa.types.is_list(column.type) and pa.types.is_primitive(column.type.value_type) and value.is_valid:
        # A copy: a view would be read-only, and hold the whole group in memory.
        return value.values.to_numpy(zero_copy_only=False).copy()
    return value.as_py()


def require(row: Row, columns: Sequence[str], purpose: str) -> None:
    """Check that a row was read with the columns that something needs.

    Raises:
        UsageError: With the first one that is missing.
    """
    for name in columns:
        if name not in row:
            raise UsageError(
                f"{purpose} needs the column {name!r}, which was not read",
                hint=f"columns=(*BASIC, {', '.join(map(repr, columns))})",
            )
