"""Batches of originals with a share of mixes in each: a torch batch sampler. Knows no picture, no model and no loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from torch.utils.data import Sampler

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader.datasets import MixedPairs
from medcutmix_cli.loader.originals import Numbers, find_kinds
from medcutmix_cli.loader.places import RowRange, check_place, own_place
from medcutmix_cli.seeds import stable_generator

GROUPS_TOGETHER = 4
"""Row groups that rows are drawn from at once: of originals and of mixes, as many as `MixedPairs` holds by default."""


class MixShareSampler(Sampler[list[int]]):
    """Numbers of rows, a batch at a time: originals, and a share of each batch mixes. `DataLoader(batch_sampler=...)`.

    Every original comes once an epoch, over all ranks together, but for up to `world_size - 1`, so that all ranks make
    the same number of steps. Mixes take turns: each comes once before one comes twice, over ranks and epochs. A batch
    has `share * batch_size` mixes, or, where that is no whole number, one more or less, so that it holds on the whole.
    Orders depend on seed, epoch and rank alone, whatever the workers are.

    Call `set_epoch` before each epoch, or all are alike. Each `DataLoader` worker reads the rows of its batches,
    so that several of them read every row group: on a slow disk take `MixShareStream`.

    Args:
        pairs: Originals and mixes together: `MixedPairs(["ORIGINALS", "RUN"])`. An original is a study as it is; of
            several rows of a study the first counts, and those by which a target repeats it (`no-...`) are mixes.
        batch_size: Rows of a batch, on each rank.
        share: Of a batch that is mixes, in (0, 1); against a shortcut a tenth is what was measured to work, on an
            ordinary set a third.
        split: Whose rows are drawn; those of others are left out.
        seed: Of the orders; the same on all ranks.
        rank, world_size: Of this process; by default of `torch.distributed` where it is initialised, else 0 and 1.
        drop_last: Leave out the last batch of an epoch where it is smaller.

    Attributes:
        left_out: How many rows are never drawn: of other splits, and of studies as they are of which another row is.

    Raises:
        UsageError: There is no such share or rank; originals or mixes are lacking.
        RunError: Originals and mixes have pictures of different canvases or formats.
    """

    def __init__(
        self,
        pairs: MixedPairs[Any],
        batch_size: int,
        *,
        share: float = 0.1,
        split: str = "train",
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        drop_last: bool = False,
    ) -> None:
        kinds = find_kinds(pairs.groups, split)
        self.left_out = kinds.left_out
        self.seed = seed
        self._originals, self._mixes = kinds.originals, kinds.mixes
        # Asked for when it is needed: the process group may come later, as in a Lightning data module.
        self._place = check_place(rank, world_size)
        self._batch = batch_size, share, drop_last
        batch_sizes(0, batch_size, share, drop_last=drop_last)  # a share that cannot be is refused here
        self._epoch = self._done = 0

    def set_epoch(self, epoch: int, *, batches_done: int = 0) -> None:
        """Choose the order of the next epoch; call it before the `DataLoader` is iterated.

        Args:
            epoch: Its number.
            batches_done: Batches of it that were trained on before a training stopped: the rest comes.

        Raises:
            UsageError: An epoch has fewer batches.
        """
        count = len(self._sizes())
        if not 0 <= batches_done <= count:
            raise beyond_epoch(batches_done, count)
        self._epoch, self._done = epoch, batches_done

    def __len__(self) -> int:
        """Return how many batches come: those of an epoch of this rank, less those that are done."""
        return len(self._sizes()) - self._done

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the numbers of the rows of each batch, originals and mixes in any order."""
        order = _order(self._originals, stable_generator(self.seed, "originals", self._epoch))
        own = [order[k] for k in self._span()]
        sizes = self._sizes()
        mixes = self._drawn_mixes(sum(mixed for _, mixed in sizes))
        done = first = 0
        for number, (count, mixed) in enumerate(sizes):
            batch = own[done : done + count] + mixes[first : first + mixed]
            done, first = done + count, first + mixed
            if number >= self._done:
                rng = stable_generator(self.seed, "batch", self._epoch, *own_place(self._place), number)
                yield [batch[k] for k in rng.permutation(len(batch))]

    def _sizes(self) -> Sequence[tuple[int, int]]:
        """Return (originals, mixes) of each batch of an epoch of this rank."""
        size, share, drop_last = self._batch
        return batch_sizes(len(self._span()), size, share, drop_last=drop_last)

    def _span(self) -> range:
        """Return the places of this rank in an epoch's order of originals; as many on every rank."""
        span = RowRange(0, sum(map(len, self._originals))).equal_part(*own_place(self._place))
        return range(span.start, span.end)

    def _drawn_mixes(self, needed: int) -> list[int]:
        """Return the mixes of this rank and epoch: a stretch of one pass over all of them after another."""
        rank, world_size = own_place(self._place)
        count = sum(map(len, self._mixes))
        start = (self._epoch * world_size + rank) * needed
        passes = range(start // count, (start + needed) // count + 1)
        orders = (_order(self._mixes, stable_generator(self.seed, "mixes", number)) for number in passes)
        drawn = [row for order in orders for row in order]
        first = start - passes.start * count
        return drawn[first : first + needed]


def beyond_epoch(batches_done: int, count: int) -> UsageError:
    """Return the error of more batches done than an epoch has."""
    return UsageError(
        f"{batches_done} batches cannot be done of an epoch of {count}",
        hint="count those of this rank, in this epoch; batch_size, share and ranks must be those of before",
    )


def _order(groups: Numbers, rng: np.random.Generator) -> list[int]:
    """Shuffle row groups, and rows among a few of them: a reader that holds these reads each group once."""
    order: list[int] = []
    places = rng.permutation(len(groups))
    for first in range(0, len(places), GROUPS_TOGETHER):
        rows = [row for k in places[first : first + GROUPS_TOGETHER] for row in groups[k]]
        order += [rows[k] for k in rng.permutation(len(rows))]
    return order


def batch_sizes(
    originals: int, batch_size: int, share: float, *, drop_last: bool
) -> Sequence[tuple[int, int]]:
    """Return (originals, mixes) of each batch of an epoch; the last may be smaller, of the same share or less."""
    part = Fraction(share).limit_denominator(10_000) * batch_size
    if not 0 < share < 1 or not 0 < part <= batch_size - 1:
        hint = "0 < share < 1, with room for an original in each batch"
        raise UsageError(f"no share of {share} of a batch of {batch_size} can be mixes", hint=hint)
    sizes, left, (parts, of) = list[tuple[int, int]](), originals, part.as_integer_ratio()
    while left:
        number = len(sizes)
        mixed = (number + 1) * parts // of - number * parts // of
        count = batch_size - mixed
        if left < count:
            return sizes if drop_last else [*sizes, (left, left * mixed // count)]
        sizes.append((count, mixed))
        left -= count
    return sizes
