"""Which of many hashes differ in a few bits only: all such pairs, and no other, without comparing all with all.

Pigeonhole: bits are dealt to bands, so few that of two hashes within the distance one band differs in one bit at most.
Hashes that agree in a band, one of its bits left out, are compared; no others need be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint8]
"""(hashes, bytes) uint8, each a row."""

_AT_ONCE = 1 << 20  # pairs that are compared at once: some 100 MB


@dataclass(frozen=True, slots=True, order=True)
class NearHashes:
    """Two hashes within the distance.

    Attributes:
        first: Position of the one (likewise second); first < second.
        distance: Bits in which they differ.
    """

    first: int
    second: int
    distance: int


def find_near(hashes: Hashes, most: int) -> list[NearHashes]:
    """Return all pairs that differ in at most `most` bits, in order.

    Args:
        hashes: (hashes, bytes) uint8; equal ones are pairs too, so give each once where there are many.
        most: Bits, >= 0, and fewer than twice as many as a hash has.
    """
    bits = np.unpackbits(hashes, axis=1)
    found: dict[tuple[int, int], int] = {}
    for kept in _keys(bits.shape[1], most):
        for one, other in _agreeing(np.packbits(bits[:, kept], axis=1)):
            distances = _distances(hashes, one, other)
            near = np.flatnonzero(distances <= most)
            pairs = zip(one[near].tolist(), other[near].tolist(), strict=True)
            found.update(zip(pairs, distances[near].tolist(), strict=True))
    return [NearHashes(*pair, distance) for pair, distance in sorted(found.items())]


def _keys(bits: int, most: int) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the bits of each key: those of a band without one of them.

    Of n bands one has at most `most // n` of the bits that differ, which is to be 1 at most. Neighbouring bits are much
    alike in a picture: dealing them out in turn makes keys that tell more hashes apart.
    """
    bands = most // 2 + 1
    for band in range(bands):
        own = np.arange(band, bits, bands)
        yield from (np.delete(own, left_out) for left_out in range(own.size))


def _agreeing(keys: Hashes) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Yield the pairs of positions, the smaller ones first, whose keys are equal; many at once."""
    order = np.lexsort(keys.T)
    starts = np.flatnonzero(np.r_[True, (keys[order[1:]] != keys[order[:-1]]).any(axis=1)])
    ends = np.r_[starts[1:], order.size]
    rest = np.repeat(ends, ends - starts) - np.arange(order.size) - 1  # how many follow with the same key
    for first, last in _portions(rest):
        lengths = rest[first:last]
        one = np.repeat(np.arange(first, last), lengths)
        step = np.arange(one.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        pair = np.sort(np.stack([order[one], order[one + 1 + step]]), axis=0)
        yield pair[0], pair[1]


def _portions(counts: npt.NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Cut a sequence where the sum of its counts is large enough."""
    total = np.cumsum(counts)
    first = 0
    while first < counts.size:
        before = total[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(total, before + _AT_ONCE, side="right")))
        yield first, last
        first = last


_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)


def _distances(
    hashes: Hashes, one: npt.NDArray[np.intp], other: npt.NDArray[np.intp]
) -> npt.NDArray[np.int64]:
    return np.asarray(_BITS[hashes[one] ^ hashes[other]].sum(axis=1, dtype=np.int64))
