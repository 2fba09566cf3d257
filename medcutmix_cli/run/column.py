"""What is declared of a column of a shard; `columns` declares them. Knows no sample and no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any, Generic, TypeVar

import pyarrow as pa

Holder = TypeVar("Holder")
"""What values are taken from: a sample, or one parent of it."""


class ColumnGroup(StrEnum):
    """Groups of columns, in the order they are told in."""

    MIX = "mix", "The mix"
    TEXT = "text", "Its text"
    LABELS = "labels", "Labels"
    WEIGHTS = "weights", "Weights"
    RECIPE = "recipe", "Recipe: how the mix is made again"
    PARENTS = "parents", "Parents: `_a` the recipient, `_b` the donor"
    OTHER = "other", "Of another version"

    heading: str

    def __new__(cls, key: str, heading: str) -> ColumnGroup:
        """Make a member that is its key and has a heading."""
        member = str.__new__(cls, key)
        member._value_ = key
        member.heading = heading
        return member


class ColumnSummary(Enum):
    """How `inspect` sums a column up over all rows."""

    RANGE = auto()  # a share of the recipient, in [0, 1]: minimum, mean, maximum
    COUNTS = auto()  # rows per value
    FLAG = auto()  # rows that are true
    LEAST = auto()  # the least value that is not null
    DISTINCT = auto()  # how many values there are


@dataclass(frozen=True, slots=True)
class NullRule:
    """When a column is null.

    Attributes:
        ending: How the column's meaning ends with it; it is in every shard.
        rule: The whole rule, to follow "null where".
    """

    ending: str
    rule: str


@dataclass(frozen=True, slots=True)
class Column(Generic[Holder]):
    """One column: what it is, what it means, where it comes from and how it is stored.

    Attributes:
        says: What it means (units, frame, order), without the null rule.
        take: Gives its value of a finished sample (of a parent, before the parents' columns are made two).
        null: When it is null; None where it always holds a value.
        summary: What `inspect` makes of it; None where it leaves it alone.
        first: Whether the README shows it among what a user needs first.
        compression: Codec of its pages.
        dictionary: Whether values are stored once a page; not where hardly two are alike.
        statistics: Whether row groups say their least and greatest value, so that a query can skip them.
        from_encoder: Whether only the encoder can make its values again: `verify --deep` then needs `--maps` for it.
        since: Schema version it came with.
    """

    name: str
    type: pa.DataType
    says: str
    group: ColumnGroup
    take: Callable[[Holder], Any] = field(repr=False)
    null: NullRule | None = None
    _: KW_ONLY
    summary: ColumnSummary | None = None
    first: bool = False
    compression: str = "zstd"
    dictionary: bool = True
    statistics: bool = False
    from_encoder: bool = False
    since: int = 1

    @property
    def meaning(self) -> str:
        """What it means, and when it is null."""
        return self.says + (self.null.ending if self.null else "")
