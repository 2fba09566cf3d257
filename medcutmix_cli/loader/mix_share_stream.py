"""Batches of originals with a share of mixes in each, as a stream: each row group is read once, by one worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby, islice
from typing import Any

from torch.utils.data import IterableDataset

from medcutmix_cli.loader.datasets import Item, MixedPairs, apply_transform
from medcutmix_cli.loader.epoch_state import EpochState
from medcutmix_cli.loader.mix_share import batch_sizes, beyond_epoch
from medcutmix_cli.loader.originals import find_kinds, only_rows
from medcutmix_cli.loader.pairs import to_pair
from medcutmix_cli.loader.places import RowRange, check_place, own_place, turns_done, worker_place
from medcutmix_cli.loader.rows import RowGroup
from medcutmix_cli.loader.streaming import GROUPS_AT_ONCE, draw_rows, read_span
from medcutmix_cli.run.shards import Row
from medcutmix_cli.seeds import stable_generator

_Sizes = Sequence[tuple[int, int]]


class MixShareStream(IterableDataset[list[Item]]):
    """Batches of pairs, originals and a share of mixes: `DataLoader(stream, batch_size=None, collate_fn=collate)`.

    The batches of `MixShareSampler`, for a slow disk: each rank, and in it each worker, has a stretch of its own of the
    originals' order and one of the mixes', reads row groups whole, and draws from a buffer. Every original comes once
    an epoch, over ranks and workers together, but for up to `world_size - 1`, so that all ranks make the same number of
    steps; mixes take turns over ranks, workers and epochs. With another number of workers the same originals come, in
    other batches; each worker makes its own last batch.

    Call `set_epoch` before each epoch, or all are alike; it reaches workers that persist as well. It has no `len`,
    since torch would take that for the number of batches whatever the workers are: see `batches`.

    Args:
        pairs: Originals and mixes together, as `MixShareSampler` takes them; its columns, dtype and transform hold.
        batch_size: Rows of a batch, on each rank.
        share: Of a batch that is mixes, in (0, 1).
        split: Whose rows are drawn; those of others are left out.
        seed: Of the orders; the same on all ranks.
        rank, world_size: Of this process; by default of `torch.distributed` where it is initialised, else 0 and 1.
        drop_last: Leave out each worker's last batch of an epoch where it is smaller.
        buffer: Rows that a worker holds and draws from, pictures still compressed; a quarter of them are mixes.

    Attributes:
        left_out: How many rows are never drawn: of other splits, and of studies as they are of which another row is.

    Raises:
        UsageError: There is no such share or rank; originals or mixes are lacking.
        RunError: Originals and mixes have pictures of different canvases or formats.
    """

    def __init__(
        self,
        pairs: MixedPairs[Item],
        batch_size: int,
        *,
        share: float = 0.1,
        split: str = "train",
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        drop_last: bool = False,
        buffer: int = 256,
    ) -> None:
        kinds = find_kinds(pairs.groups, split)
        self.left_out = kinds.left_out
        self.seed, self.buffer = seed, max(4, buffer)
        self._pairs = pairs
        self._originals = _blocks(only_rows(pairs.groups, kinds.originals))
        self._mixes = only_rows(pairs.groups, kinds.mixes)
        self._place = check_place(rank, world_size)
        self._batch = batch_size, share, drop_last
        # A share that is none is refused here, and not in a worker.
        batch_sizes(0, batch_size, share, drop_last=drop_last)
        self._state = EpochState(0, 0)

    def set_epoch(self, epoch: int, *, batches_done: int = 0) -> None:
        """Choose the order of the next epoch; call it before the `DataLoader` is iterated.

        Args:
            epoch: Its number.
            batches_done: Batches that this rank took of it before a training stopped: the rest comes, with as many
                ranks and workers as before; no picture of those that are done is decoded.

        Raises:
            UsageError: No epoch has as many batches.
        """
        most = self._span().rows
        if not 0 <= batches_done <= most:
            raise beyond_epoch(batches_done, most)
        self._state.tell(epoch, batches_done)

    def batches(self, workers: int = 0) -> int:
        """Return how many batches a `DataLoader` makes of a whole epoch on this rank.

        Args:
            workers: Its `num_workers`: each of them makes its own last batch.
        """
        return sum(map(len, self._sizes(max(1, workers))))

    def __iter__(self) -> Iterator[list[Item]]:
        """Yield the batches of this rank and worker, originals and mixes of each in any order."""
        number, count = worker_place()
        epoch, done = self._state.values()
        sizes = self._sizes(count)
        originals = self._drawn_originals(epoch, self._span().part(number, count), (number, count))
        mixes = self._drawn_mixes(epoch, sizes, number)
        first = turns_done([len(own) for own in sizes], done, number) if done else 0
        for place, (whole, mixed) in enumerate(sizes[number]):
            batch = [*islice(originals, whole), *islice(mixes, mixed)]
            if place >= first:
                rng = stable_generator(self.seed, "batch", epoch, *self._where(), number, count, place)
                yield [self._item(batch[k]) for k in rng.permutation(len(batch))]

    def __getstate__(self) -> dict[str, Any]:
        """Fix the rank: a worker that is spawned has no process group to ask."""
        return {**self.__dict__, "_place": self._where()}

    def _item(self, row: Row) -> Item:
        return apply_transform(to_pair(row, self._pairs.dtype), self._pairs.transform)

    def _where(self) -> tuple[int, int]:
        return own_place(self._place)

    def _span(self) -> RowRange:
        """Return the places of this rank in an epoch's order of originals; as many on every rank."""
        count = sum(group.rows for block in self._originals for group in block)
        return RowRange(0, count).equal_part(*self._where())

    def _sizes(self, workers: int) -> list[_Sizes]:
        """Return (originals, mixes) of each batch of each worker."""
        size, share, drop_last = self._batch
        parts = self._span().parts(workers)
        return [batch_sizes(part.rows, size, share, drop_last=drop_last) for part in parts]

    def _drawn_originals(self, epoch: int, span: RowRange, worker: tuple[int, int]) -> Iterator[Row]:
        order = stable_generator(self.seed, "originals", epoch).permutation(len(self._originals))
        groups = (group for k in order for group in self._originals[k])
        rng = stable_generator(self.seed, "rows", epoch, *self._where(), *worker)
        rows = read_span(groups, span, self._pairs.columns)
        return draw_rows(rows, self.buffer - self.buffer // 4, rng)

    def _drawn_mixes(self, epoch: int, sizes: Sequence[_Sizes], number: int) -> Iterator[Row]:
        """Draw from the stretch of this worker in one pass over all mixes after another."""
        rank, world_size = self._where()
        needed = [sum(mixed for _, mixed in own) for own in sizes]
        start = (epoch * world_size + rank) * sum(needed) + sum(needed[:number])
        rows = self._passes(RowRange(start, start + needed[number]))
        rng = stable_generator(self.seed, "mixes", epoch, *self._where(), number, len(sizes))
        return draw_rows(rows, self.buffer // 4, rng)

    def _passes(self, stretch: RowRange) -> Iterator[Row]:
        count = sum(group.rows for group in self._mixes)
        passes = range(stretch.start // count, -(-stretch.end // count))
        return chain.from_iterable(self._pass(k, stretch, count) for k in passes)

    def _pass(self, number: int, stretch: RowRange, count: int) -> Iterator[Row]:
        """Read what a stretch has of one pass over all mixes."""
        order = stable_generator(self.seed, "pass", number).permutation(len(self._mixes))
        begin = number * count
        own = RowRange(max(0, stretch.start - begin), min(count, stretch.end - begin))
        return read_span((self._mixes[k] for k in order), own, self._pairs.columns)


def _blocks(groups: Sequence[RowGroup]) -> list[list[RowGroup]]:
    """Put row groups of one shard that follow each other together: they are shuffled, and read, as one."""
    blocks = []
    for _, of_one_shard in groupby(groups, key=lambda group: group.path):
        while block := list(islice(of_one_shard, GROUPS_AT_ONCE)):
            blocks.append(block)
    return blocks
