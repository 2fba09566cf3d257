"""Pairs as a stream: an `IterableDataset` that ranks and workers share without loss or repetition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any, Unpack, overload

import numpy as np
from torch.utils.data import IterableDataset

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader.datasets import Item, Transform, apply_transform
from medcutmix_cli.loader.epoch_state import EpochState
from medcutmix_cli.loader.pairs import BASIC, MixedPair, check_dtype, to_pair
from medcutmix_cli.loader.places import RowRange, check_place, own_place, turns_done, worker_place
from medcutmix_cli.loader.row_filter import RowChoice, to_filter
from medcutmix_cli.loader.rows import RowGroup, Source, check_columns, find_groups, read_groups, table_row
from medcutmix_cli.run.shards import Row
from medcutmix_cli.seeds import stable_generator


class IterableMixedPairs(IterableDataset[Item]):
    """Every row once an epoch, over all ranks and `DataLoader` workers together.

    An epoch's order is a permutation of the row groups of all shards, drawn from seed and epoch alone. Each rank,
    and in it each worker, reads one stretch of that order (equal to one row) and draws from a buffer of rows.
    With another number of ranks or workers the same rows come, in another order.

    Call `set_epoch` before each epoch, or all are alike; it reaches workers that persist as well.

    Args:
        source: A run folder, a folder of shards, a shard, a glob, or several of these.
        columns: What to read; without "image" no picture is read at all.
        transform: What to do with each `MixedPair`.
        dtype: Of pictures: "float32" in [0, 1], or "uint8".
        partial: Take a run of which some shards are not rendered yet; otherwise that is an error. Ranks that
            look while a run goes on would see different shards.
        shuffle: Whether to shuffle; otherwise rows come in the order of the shards.
        buffer: Rows that a worker holds and draws from, pictures still compressed; 0 shuffles row groups only.
        seed: Of the orders; the same on all ranks.
        rank, world_size: Of this process; by default of `torch.distributed` where it is initialised, else 0 and 1.
        drop_uneven: Leave out up to `world_size - 1` rows an epoch, so that all ranks see the same number.
        **chosen: Which rows: `split="train"`, `kind="mixes"` or `"originals"` (studies as they are),
            `finding="edema"` (what came in), or several: `split=("train", "test")`. See `RowChoice`.

    Raises:
        RunError: There is neither run nor shard, or the run is not complete.
        ShardError: A shard is damaged or of another schema version.
        UsageError: There is no such column, dtype, rank, split or kind, or no row that is wanted.
    """

    @overload
    def __init__(
        self: IterableMixedPairs[MixedPair],
        source: Source,
        *,
        columns: Sequence[str] = ...,
        transform: None = None,
        dtype: str = ...,
        partial: bool = ...,
        shuffle: bool = ...,
        buffer: int = ...,
        seed: int = ...,
        rank: int | None = ...,
        world_size: int | None = ...,
        drop_uneven: bool = ...,
        **chosen: Unpack[RowChoice],
    ) -> None: ...
    @overload
    def __init__(
        self,
        source: Source,
        *,
        columns: Sequence[str] = ...,
        transform: Transform[Item],
        dtype: str = ...,
        partial: bool = ...,
        shuffle: bool = ...,
        buffer: int = ...,
        seed: int = ...,
        rank: int | None = ...,
        world_size: int | None = ...,
        drop_uneven: bool = ...,
        **chosen: Unpack[RowChoice],
    ) -> None: ...

    def __init__(
        self,
        source: Source,
        *,
        columns: Sequence[str] = BASIC,
        transform: Transform[Item] | None = None,
        dtype: str = "float32",
        partial: bool = False,
        shuffle: bool = True,
        buffer: int = 256,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        drop_uneven: bool = False,
        **chosen: Unpack[RowChoice],
    ) -> None:
        self.columns = check_columns(columns)
        self.transform = transform
        self.dtype = check_dtype(dtype)
        self.groups = find_groups(source, partial=partial, wanted=to_filter(chosen))
        self.shuffle, self.buffer, self.seed = shuffle, buffer, seed
        self.drop_uneven = drop_uneven
        self._place = check_place(rank, world_size)
        # Epoch, batches done of it, their size, and whether smaller ones are dropped.
        self._state = EpochState(0, 0, 0, 0)

    def set_epoch(
        self, epoch: int, *, batches_done: int = 0, batch_size: int = 0, drop_last: bool = False
    ) -> None:
        """Choose the order of the next epoch; call it before the `DataLoader` is iterated.

        Args:
            epoch: Its number.
            batches_done: Batches that this rank took of it before a training stopped: the rows that are left come, once
                each, with as many ranks and workers as before; no picture of those that are done is decoded.
            batch_size: As the `DataLoader` has it, where batches are done.
            drop_last: Likewise.

        Raises:
            UsageError: Batches are done, of no size.
        """
        if batches_done < 0 or (batches_done and batch_size < 1):
            raise UsageError(
                f"{batches_done} batches of {batch_size} rows cannot be done",
                hint="say batches_done= and the batch_size= of the DataLoader",
            )
        self._state.tell(epoch, batches_done, batch_size, drop_last)

    @property
    def rows(self) -> int:
        """Rows that this rank sees in one epoch, over all its workers."""
        return self._span().rows

    def batches(self, batch_size: int, workers: int = 0, *, drop_last: bool = False) -> int:
        """Return how many batches a `DataLoader` makes of an epoch; it is not `len`, which knows no worker.

        Args:
            batch_size: As the `DataLoader` has it.
            workers: Its `num_workers`: each of them makes its own last batch.
            drop_last: As the `DataLoader` has it.
        """
        return sum(_batch_counts(self._span().parts(max(1, workers)), batch_size, drop_last=drop_last))

    def __iter__(self) -> Iterator[Item]:
        """Yield the pairs of this rank and worker, transformed."""
        number, count = worker_place()
        rows = self._rows(self._span().part(number, count))
        for row in islice(self._mixed(rows, number, count), self._done(number, count), None):
            yield apply_transform(to_pair(row, self.dtype), self.transform)

    def __getstate__(self) -> dict[str, Any]:
        """Fix the rank: a worker that is spawned has no process group to ask."""
        return {**self.__dict__, "_place": self._where()}

    @property
    def _epoch(self) -> int:
        return self._state.values()[0]

    def _done(self, number: int, count: int) -> int:
        """Return how many rows this worker gave before."""
        _, batches, size, drop_last = self._state.values()
        if not batches:
            return 0
        ends = _batch_counts(self._span().parts(count), size, drop_last=bool(drop_last))
        return size * turns_done(ends, batches, number)

    def _where(self) -> tuple[int, int]:
        return own_place(self._place)

    def _span(self) -> RowRange:
        rank, world_size = self._where()
        rows = sum(group.rows for group in self.groups)
        whole = RowRange(0, rows)
        return whole.equal_part(rank, world_size) if self.drop_uneven else whole.part(rank, world_size)

    def _order(self) -> Sequence[RowGroup]:
        if not self.shuffle:
            return self.groups
        rng = stable_generator(self.seed, "groups", self._epoch)
        return [self.groups[k] for k in rng.permutation(len(self.groups))]

    def _rows(self, span: RowRange) -> Iterator[Row]:
        return read_span(self._order(), span, self.columns)

    def _mixed(self, rows: Iterator[Row], number: int, count: int) -> Iterator[Row]:
        if not self.shuffle or self.buffer < 2:
            return rows
        rng = stable_generator(self.seed, "rows", self._epoch, *self._where(), number, count)
        return draw_rows(rows, self.buffer, rng)


def _batch_counts(parts: Iterable[RowRange], batch_size: int, *, drop_last: bool) -> list[int]:
    """Return how many batches each worker makes of its rows."""
    return [part.rows // batch_size if drop_last else -(-part.rows // batch_size) for part in parts]


def read_span(order: Iterable[RowGroup], span: RowRange, columns: Sequence[str]) -> Iterator[Row]:
    """Read the rows of a span; of a group that is shared with a neighbour, the own rows only.

    Groups of one shard that follow each other are read together, a few at a time.
    """
    for places in _together(_in_span(order, span)):
        tables = read_groups([group for group, _ in places], columns)
        for table, (_, own) in zip(tables, places, strict=True):
            yield from (table_row(table, k) for k in range(own.start, own.end))


GROUPS_AT_ONCE = 4
"""Row groups that are read with one opening of their shard: that many are in memory, besides the buffer."""

_OwnRows = tuple[RowGroup, RowRange]


def _in_span(order: Iterable[RowGroup], span: RowRange) -> Iterator[_OwnRows]:
    """Yield the groups that have rows of a span, with the places of these."""
    start = 0
    for group in order:
        own = RowRange(max(span.start - start, 0), min(span.end - start, group.rows))
        if own.rows > 0:
            yield group, own
        start += group.rows


def _together(places: Iterable[_OwnRows]) -> Iterator[list[_OwnRows]]:
    for _, of_one_shard in groupby(places, key=lambda place: place[0].path):
        while few := list(islice(of_one_shard, GROUPS_AT_ONCE)):
            yield few


def draw_rows(rows: Iterator[Row], buffer: int, rng: np.random.Generator) -> Iterator[Row]:
    """Hold `buffer` rows and give one of them away for each that comes; then the rest, shuffled."""
    held: list[Row] = []
    for row in rows:
        if len(held) < buffer:
            held.append(row)
            continue
        chosen = int(rng.integers(buffer))
        yield held[chosen]
        held[chosen] = row
    yield from (held[k] for k in rng.permutation(len(held)))
