"""Pairs by number: a map-style torch `Dataset` over shards. Knows no rank (a sampler does) and no model."""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, SupportsIndex, TypeVar, Unpack, cast, overload

import pyarrow as pa
from torch.utils.data import Dataset

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader.pairs import BASIC, MixedPair, check_dtype, to_pair
from medcutmix_cli.loader.row_filter import RowChoice, to_filter
from medcutmix_cli.loader.rows import Source, check_columns, find_groups, read_group, table_row
from medcutmix_cli.run.shards import Row

Item = TypeVar("Item")
Transform = Callable[[MixedPair], Item]
"""Called last, in the worker; what it returns is what comes out. It must pickle where workers are spawned."""


class MixedPairs(Dataset[Item]):
    """Random access to the rows of a run, `pairs[k]`, in the order of its shards.

    A row is read with its row group (32 rows), and the last few groups are kept; a shuffled pass over a large
    run on a slow disk is better made with `IterableMixedPairs`. No file stays open: it may be forked, spawned
    and pickled. Not for several threads at once.

    Args:
        source: A run folder, a folder of shards, a shard, a glob, or several of these.
        columns: What to read; without "image" no picture is read at all.
        transform: What to do with each `MixedPair`.
        dtype: Of pictures: "float32" in [0, 1], or "uint8".
        partial: Take a run of which some shards are not rendered yet; otherwise that is an error.
        cached_groups: How many row groups are kept in memory, in each worker.
        **chosen: Which rows: `split="train"`, `kind="mixes"` or `"originals"` (studies as they are),
            `finding="edema"` (what came in), or several: `split=("train", "test")`. See `RowChoice`.

    Raises:
        RunError: There is neither run nor shard, or the run is not complete.
        ShardError: A shard is damaged or of another schema version.
        UsageError: There is no such column, dtype, split or kind, or no row that is wanted.
    """

    @overload
    def __init__(
        self: MixedPairs[MixedPair],
        source: Source,
        *,
        columns: Sequence[str] = ...,
        transform: None = None,
        dtype: str = ...,
        partial: bool = ...,
        cached_groups: int = ...,
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
        cached_groups: int = ...,
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
        cached_groups: int = 8,
        **chosen: Unpack[RowChoice],
    ) -> None:
        self.columns = check_columns(columns)
        self.transform = transform
        self.dtype = check_dtype(dtype)
        self.groups = find_groups(source, partial=partial, wanted=to_filter(chosen))
        self._ends = list(accumulate(group.rows for group in self.groups))
        self._cached_groups = max(1, cached_groups)
        self._cache: OrderedDict[int, pa.Table] = OrderedDict()

    def __len__(self) -> int:
        """Return how many rows the shards have, by their footers."""
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> Item:
        """Return one pair, transformed."""
        return apply_transform(to_pair(self.row(index), self.dtype), self.transform)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the cache behind: a worker fills its own."""
        return {**self.__dict__, "_cache": OrderedDict()}

    def row(self, index: int) -> Row:
        """Return one row as it is stored, with the columns that were asked for, the picture's bytes included.

        Raises:
            IndexError: There is no such row.
            UsageError: It is no whole number, as the batches of a batch sampler are.
        """
        number = _whole(index)
        number += len(self) if number < 0 else 0
        if not 0 <= number < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        group = bisect_right(self._ends, number)
        return table_row(self._table(group), number - self._ends[group] + self.groups[group].rows)

    def find(self, keep: Callable[[Row], bool], columns: Sequence[str]) -> list[int]:
        """Return the numbers of the rows that `keep` is true of, for `torch.utils.data.Subset`.

        Args:
            keep: Is given each row with `columns` only.
            columns: What to read for it; leave "image" out, and no picture is read.
        """
        wanted, found, number = check_columns(columns), [], 0
        for group in self.groups:
            table = read_group(group, wanted)
            found += [number + k for k in range(group.rows) if keep(table_row(table, k))]
            number += group.rows
        return found

    def _table(self, group: int) -> pa.Table:
        if group not in self._cache:
            self._cache[group] = read_group(self.groups[group], self.columns)
            if len(self._cache) > self._cached_groups:
                self._cache.popitem(last=False)
        self._cache.move_to_end(group)
        return self._cache[group]


def _whole(index: SupportsIndex) -> int:
    try:
        return operator.index(index)
    except TypeError as error:
        raise UsageError(
            f"a row has a whole number, not a {type(index).__name__}",
            hint="a sampler of batches goes to DataLoader(batch_sampler=...); several rows: [pairs[k] for k in ...]",
        ) from error


def apply_transform(pair: MixedPair, transform: Transform[Item] | None) -> Item:
    """Return what a transform makes of a pair; without one the pair, which then is the item."""
    return transform(pair) if transform else cast(Item, pair)
