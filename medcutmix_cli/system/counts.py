"""Counts and lists of names, laid out the same way wherever they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction


def most_frequent(counts: Mapping[str, int], most: int | None = None) -> dict[str, int]:
    """Return counts with the largest first, equal ones by name; at most so many of them."""
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:most])


def first_few(names: Iterable[str], most: int = 5) -> str:
    """Name the first few, and say how many more there are: "a, b and 3 more"."""
    known = list(names)
    more = f" and {len(known) - most:,} more" if len(known) > most else ""
    return f"{', '.join(known[:most])}{more}"


def share_as_said(share: float) -> Fraction:
    """Return a share as the decimal that people wrote: .29 of 100 are 29, where the product of numbers is less."""
    return Fraction(repr(share))


def whole_share(share: float, count: int) -> int:
    """Return how many of so many are a share of them at most."""
    return int(share_as_said(share) * count)
