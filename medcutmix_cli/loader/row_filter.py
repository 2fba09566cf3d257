"""Which rows are wanted: of some splits, mixes or originals, of some findings. Reads what a row group does not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medcutmix_cli.configuration.settings import SPLITS
from medcutmix_cli.errors import UsageError, suggest
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.shards import UNMIXED, unmixed_rows

MIXES, ORIGINALS, ALL = KINDS = ("mixes", "originals", "all")
"""What rows may be; an original is a study as it is (see `run.shards.is_unmixed`)."""

_SPLIT, _FINDING = check_names("split", "finding")

KeptRows = tuple[int, ...] | None
"""Places of the rows of a row group that are wanted; None for all of them."""


class RowChoice(TypedDict, total=False):
    """The rows that are wanted; what is not said takes all.

    Attributes:
        split: "train", "validate" or "test", or several of them.
        kind: "mixes", "originals" (studies as they are) or "all".
        finding: Lexicon id of what came in, or several; where none came in it is "".
    """

    split: str | Sequence[str]
    kind: str
    finding: str | Sequence[str]


@dataclass(frozen=True, slots=True)
class RowFilter:
    """The same, checked; an empty one of `splits` and `findings` takes all."""

    splits: tuple[str, ...] = ()
    kind: str = ALL
    findings: tuple[str, ...] = ()

    @property
    def takes_all(self) -> bool:
        """Say whether no row is left out."""
        return self == RowFilter()

    def __str__(self) -> str:
        """Return it as it was said."""
        named = {"split": self.splits, "finding": self.findings}
        said = [f"{name} {' or '.join(map(repr, values))}" for name, values in named.items() if values]
        return ", ".join([*said, *([f"kind {self.kind!r}"] if self.kind != ALL else [])])

    def choose(self, file: pq.ParquetFile) -> Iterator[KeptRows]:
        """Yield what is wanted of each row group; only of those that hold several kinds are columns read."""
        told = [self._told(said) for said in _limits(file.metadata)]
        asked = [group for group, answer in enumerate(told) if answer is None]
        read = iter(self._masks(file, asked))
        masks = (next(read) if answer is None else answer for answer in told)
        yield from (_places(mask) for mask in masks)

    def _told(self, limits: _Limits) -> bool | None:
        """Say whether a row group is wanted, by its least and greatest values; None where they do not tell."""
        answers = [
            _among(limits.get(_SPLIT), self.splits),
            _among(limits.get(_FINDING), self.findings),
            self._kind_told(limits.get(_FINDING)),
        ]
        return False if False in answers else None if None in answers else True

    def _kind_told(self, finding: _Range | None) -> bool | None:
        """Say it of the kind: into a study as it is nothing comes, so where the least finding is one, all are mixes."""
        if self.kind == ALL:
            return True
        return self.kind == MIXES if finding and finding[0] else None

    def _masks(self, file: pq.ParquetFile, groups: Sequence[int]) -> Iterator[npt.NDArray[np.bool_]]:
        if not groups:
            return
        columns = list(dict.fromkeys((_SPLIT, _FINDING, *UNMIXED)))
        rows = file.read_row_groups(list(groups), columns=columns, use_threads=False)
        mask, start = self._mask(rows), 0
        for group in groups:
            end = start + file.metadata.row_group(group).num_rows
            yield mask[start:end]
            start = end

    def _mask(self, rows: pa.Table) -> npt.NDArray[np.bool_]:
        mask = np.ones(rows.num_rows, np.bool_)
        for name, values in ((_SPLIT, self.splits), (_FINDING, self.findings)):
            if values:
                mask &= pc.is_in(rows[name], pa.array(values, pa.string())).to_numpy()
        if self.kind != ALL:
            mask &= unmixed_rows(rows).to_numpy() == (self.kind == ORIGINALS)
        return mask


def to_filter(choice: RowChoice) -> RowFilter:
    """Check what was said of the rows that are wanted.

    Raises:
        UsageError: There is no such split or kind, or none was named.
    """
    kind = choice.get("kind", ALL)
    splits, findings = _several(choice, "split"), _several(choice, "finding")
    for what, value, known in (("kind", kind, KINDS), *(("split", split, SPLITS) for split in splits)):
        if value not in known:
            raise UsageError(f"there is no {what} {value!r} of rows", hint=suggest(value, known))
    unknown = sorted(set(choice) - set(RowChoice.__annotations__))
    if unknown:
        raise TypeError(f"no word to choose rows by: {', '.join(unknown)}")
    return RowFilter(splits, kind, findings)


_Range = tuple[str, str]
_Limits = dict[str, _Range]


def _several(choice: RowChoice, name: str) -> tuple[str, ...]:
    if name not in choice:
        return ()
    said = choice["split"] if name == "split" else choice["finding"]
    values = (said,) if isinstance(said, str) else tuple(said)
    if not values:
        raise UsageError(f"{name}= names none", hint=f"leave {name}= out to take all")
    return values


def _limits(footer: pq.FileMetaData) -> Iterator[_Limits]:
    """Yield the least and greatest value of columns that have them, for each row group."""
    names = {footer.schema.column(k).path: k for k in range(footer.num_columns)}
    for group in range(footer.num_row_groups):
        columns = {name: footer.row_group(group).column(names[name]) for name in (_SPLIT, _FINDING)}
        said = {name: column.statistics for name, column in columns.items() if column.is_stats_set}
        yield {name: (least.min, least.max) for name, least in said.items() if least.has_min_max}


def _among(limits: _Range | None, values: Sequence[str]) -> bool | None:
    """Say whether all rows between two values are wanted, or none; None where both may be."""
    if not values:
        return True
    if limits is None:
        return None
    least, greatest = limits
    if least == greatest:
        return least in values
    return None if any(least <= value <= greatest for value in values) else False


def _places(mask: npt.NDArray[np.bool_] | bool) -> KeptRows:
    if isinstance(mask, bool):
        return None if mask else ()
    return None if mask.all() else tuple(np.flatnonzero(mask).tolist())
