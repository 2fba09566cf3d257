"""Pairs as a stream: an `IterableDataset` that ranks and workers share without loss or repetition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Unpack, overload

import numpy as np
import torch
from torch import distributed
from torch.utils.data import IterableDataset, get_worker_info

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader.datasets import Item, Transform, apply_transform
from medcutmix_cli.loader.pairs import BASIC, MixedPair, check_dtype, to_pair
from medcutmix_cli.loader.row_filter import RowChoice, to_filter
from medcutmix_cli.loader.rows import RowGroup, Source, check_columns, find_groups, read_group, table_row
from medcutmix_cli.run.shards import Row
from medcutmix_cli.seeds import stable_generator


@dataclass(frozen=True, slots=True)
class RowRange:
    """Rows `start` to `end` (exclusive) of an epoch's order."""

    start: int
    end: int

    @property
    def rows(self) -> int:
        """How many they are."""
        return self.end - self.start

    def part(self, number: int, count: int) -> RowRange:
        """Return part `number` of `count`; the parts cover the span, and differ by one row at most."""
        starts = (self.start + self.rows * place // count for place in (number, number + 1))
        return RowRange(*starts)


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
        # In shared memory: a worker that persists has a copy of everything else (huggingface/datasets issue 6673).
        # Epoch, batches done of it, their size, and whether smaller ones are dropped.
        self._state = torch.zeros(4, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

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
        self._state.copy_(torch.tensor([epoch, batches_done, batch_size, drop_last]))

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
        span, count = self._span(), max(1, workers)
        sizes = [span.part(number, count).rows for number in range(count)]
        return sum(rows // batch_size if drop_last else -(-rows // batch_size) for rows in sizes)

    def __iter__(self) -> Iterator[Item]:
        """Yield the pairs of this rank and worker, transformed."""
        worker = get_worker_info()
        number, count = (worker.id, worker.num_workers) if worker else (0, 1)
        rows = self._rows(self._span().part(number, count))
        for row in islice(self._mixed(rows, number, count), self._done(number, count), None):
            yield apply_transform(to_pair(row, self.dtype), self.transform)

    def __getstate__(self) -> dict[str, Any]:
        """Fix the rank: a worker that is spawned has no process group to ask."""
        return {**self.__dict__, "_place": self._where()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Share the epoch again: a plain copy of the data set has its own."""
        self.__dict__.update(state)
        self._state.share_memory_()

    @property
    def _epoch(self) -> int:
        return int(self._state[0])

    def _done(self, number: int, count: int) -> int:
        """Return how many rows this worker gave before: a `DataLoader` takes a batch of each in turn."""
        batches, size, drop_last = (int(value) for value in self._state[1:])
        if not batches:
            return 0
        rows = (self._span().part(worker, count).rows for worker in range(count))
        ends = [own // size if drop_last else -(-own // size) for own in rows]
        turns = sorted((turn, worker) for worker, end in enumerate(ends) for turn in range(end))
        return size * sum(worker == number for _, worker in turns[:batches])

    def _where(self) -> tuple[int, int]:
        return own_place(self._place)

    def _span(self) -> RowRange:
        rank, world_size = self._where()
        rows = sum(group.rows for group in self.groups)
        return RowRange(0, rows - rows % world_size if self.drop_uneven else rows).part(rank, world_size)

    def _order(self) -> Sequence[RowGroup]:
        if not self.shuffle:
            return self.groups
        rng = stable_generator(self.seed, "groups", self._epoch)
        return [self.groups[k] for k in rng.permutation(len(self.groups))]

    def _rows(self, span: RowRange) -> Iterator[Row]:
        """Read the rows of a span; of a group that is shared with a neighbour, the own rows only."""
        start = 0
        for group in self._order():
            first, last = max(span.start - start, 0), min(span.end - start, group.rows)
            if first < last:
                table = read_group(group, self.columns)
                yield from (table_row(table, k) for k in range(first, last))
            start += group.rows

    def _mixed(self, rows: Iterator[Row], number: int, count: int) -> Iterator[Row]:
        if not self.shuffle or self.buffer < 2:
            return rows
        rng = stable_generator(self.seed, "rows", self._epoch, *self._where(), number, count)
        return _drawn(rows, self.buffer, rng)


def _drawn(rows: Iterator[Row], buffer: int, rng: np.random.Generator) -> Iterator[Row]:
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


def check_place(rank: int | None, world_size: int | None) -> tuple[int, int] | None:
    """Return a rank with the number of ranks; None where neither was given.

    Raises:
        UsageError: There is no such rank, or one of the two is not given.
    """
    if rank is None and world_size is None:
        return None
    if rank is None or world_size is None or not 0 <= rank < world_size:
        raise UsageError(
            f"there is no rank {rank} of {world_size}", hint="give both, 0 <= rank < world_size, or neither"
        )
    return rank, world_size


def own_place(given: tuple[int, int] | None) -> tuple[int, int]:
    """Return rank and number of ranks: as given, else of `torch.distributed` where it is initialised, else 0 of 1."""
    if given is not None:
        return given
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
