"""Records put away: pickled, compressed, a tenth of their size in memory. Knows records, and who is in a pair."""

from __future__ import annotations

import io
import pickle
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, overload

from medcutmix_cli.pairing.traits import sentence_keys, traits_of
from medcutmix_cli.records import Pair, Sentence


class _ByFields(pickle.Pickler):
    """Pickles records as calls of their classes: opened in half the time that frozen dataclasses take otherwise."""

    def reducer_override(self, value: object) -> Any:
        """Reduce a record to its class and its fields' values, a choice to its name; leave the rest to pickle."""
        kind = type(value)
        if isinstance(value, Enum):
            return getattr, (kind, value.name)  # an enumeration is slow to be called with a value
        return (kind, _values(kind)(value)) if is_dataclass(kind) else NotImplemented


@cache
def _values(kind: type[Any]) -> attrgetter[tuple[Any, ...]]:
    """Return what gets the values of a record of two or more fields, as its constructor takes them."""
    return attrgetter(*(entry.name for entry in fields(kind)))


def pack_record(record: object) -> bytes:
    """Put a record away."""
    buffer = io.BytesIO()
    _ByFields(buffer, pickle.HIGHEST_PROTOCOL).dump(record)
    return zlib.compress(buffer.getvalue(), 1)


def open_record(content: bytes | memoryview) -> Any:
    """Return what was put away by this process or a worker of it."""
    return pickle.loads(zlib.decompress(content))  # noqa: S301 - never leaves this program


@dataclass(frozen=True, slots=True)
class PackedPair:
    """A pair, put away, with what planning still asks of it.

    Attributes:
        traits: What the mix counts as in the shape of the set (see `traits`).
        sentences: Of the mixed report, by `sentence_keys`.
        cells: As the pair has them; known only once the others are chosen.
    """

    pair_id: str
    finding: str
    recipient_study: str
    recipient_image: str
    donor_image: str
    packed: bytes = field(repr=False)
    donor_study: str = ""
    traits: tuple[str, ...] = ()
    sentences: bytes = field(default=b"", repr=False)
    cells: tuple[str, ...] = ()

    @property
    def is_mix(self) -> bool:
        """Whether anything of another study may be in it: a map may be asked for then."""
        return True

    def open(self) -> Pair:
        """Return the pair."""
        pair: Pair = open_record(self.packed)
        return replace(pair, cells=self.cells) if self.cells else pair


def pack_pair(pair: Pair, sentences: Iterable[Sentence] = ()) -> PackedPair:
    """Put a pair away; `sentences` are those of its mixed report that count."""
    return PackedPair(
        pair.pair_id,
        pair.finding,
        pair.recipient.study_id,
        pair.recipient.image_id,
        pair.donor.image_id,
        pack_record(pair),
        pair.donor.study_id,
        traits_of(pair.labels, pair.recipient.view, pair.entities),
        sentence_keys(sentences),
    )


class PackedPairs(Sequence[Pair]):
    """Pairs that are opened when they are asked for: a plan of 100,000 pairs would take a GB otherwise."""

    def __init__(self, pairs: Iterable[PackedPair] = ()) -> None:
        """Keep the pairs, in this order."""
        self._pairs = tuple(pairs)

    def mixes(self) -> Iterator[Pair]:
        """Open those in which something may be mixed, one after the other."""
        return (pair.open() for pair in self._pairs if pair.is_mix)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._pairs)

    @overload
    def __getitem__(self, index: int) -> Pair: ...

    @overload
    def __getitem__(self, index: slice) -> PackedPairs: ...

    def __getitem__(self, index: int | slice) -> Pair | PackedPairs:
        """Open one, or return some still put away."""
        return PackedPairs(self._pairs[index]) if isinstance(index, slice) else self._pairs[index].open()
