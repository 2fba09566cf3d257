"""Counts by name, laid out the same way wherever they are told."""

from __future__ import annotations

from collections.abc import Mapping


def most_frequent(counts: Mapping[str, int], most: int | None = None) -> dict[str, int]:
    """Return counts with the largest first, equal ones by name; at most so many of them."""
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:most])
