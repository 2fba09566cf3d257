"""How large a finding is, as a share of the picture: measured areas, and what a word of size makes of them.

The tables lie in `rules/`, with their source. Knows no map and no grid.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from medcutmix_cli.records import MapTarget


@dataclass(frozen=True, slots=True)
class AreaRange:
    """How much of a picture a finding covers where it is there, as shares of the picture.

    Attributes:
        least: 10th percentile over pictures (likewise usual, the 50th, and most, the 90th).
    """

    least: float
    usual: float
    most: float

    def times(self, factor: float) -> AreaRange:
        """Return a range that is larger or smaller throughout; no share is above 1."""
        return AreaRange(*(min(1.0, factor * share) for share in (self.least, self.usual, self.most)))


def expected_area(target: MapTarget) -> AreaRange:
    """Return how large what a map was asked for may be: by its finding, moved by its word of size."""
    return _area_of(target.finding).times(_sizes()["severity"].get(target.severity, 1.0))


def _area_of(finding: str) -> AreaRange:
    measured = measured_areas()
    known = measured.get(_sizes()["like"].get(finding, finding))
    return known or _widest(tuple(measured.values()))


def _widest(areas: tuple[AreaRange, ...]) -> AreaRange:
    middle = sorted(area.usual for area in areas)[len(areas) // 2]
    return AreaRange(min(area.least for area in areas), middle, max(area.most for area in areas))


@cache
def measured_areas() -> Mapping[str, AreaRange]:
    """Return the areas of the findings that were measured, by lexicon id."""
    lines = [line for line in _rules("areas.tsv").splitlines() if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t")
    return {row["finding"]: AreaRange(*(float(row[p]) for p in ("p10", "p50", "p90"))) for row in rows}


@cache
def _sizes() -> dict[str, Any]:
    return tomllib.loads(_rules("sizes.toml"))


def _rules(name: str) -> str:
    return files("medcutmix_cli.attention").joinpath("rules", name).read_text(encoding="utf-8")
