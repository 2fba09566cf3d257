"""How large data sets are as they were published: `published_counts.toml`. Reads no data set."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

ALL = "all"
"""Key of what all splits hold together."""


@dataclass(frozen=True, slots=True)
class PublishedCounts:
    """How many there are of each; 0 where nobody says."""

    images: int = 0
    studies: int = 0
    patients: int = 0


def published_counts(kind: str) -> dict[str, PublishedCounts]:
    """Return what was published of a kind of data set, by split and of all; nothing for a kind of one's own."""
    return {split: PublishedCounts(**counts) for split, counts in _table().get(kind, {}).items()}


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("medcutmix_cli.datasets").joinpath("published_counts.toml").read_text("utf-8"))
