"""Findings and attributes that go together in a set: counts, odds ratios, and the target that would break each.

Counts studies by what is known of them by name; opens none. Studies of one patient count each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

from medcutmix_cli.pairing.attributes import DEVICE, DEVICES, PRESENT, UNCERTAIN, StudyAttributes
from medcutmix_cli.pairing.normal_host import NormalHost
from medcutmix_cli.planning.targets import BALANCE, EVEN
from medcutmix_cli.reports.lexicon import finding_ids

LEVEL = 0.95
CORRECTION = "Bonferroni"
"""All intervals hold together at `LEVEL`: each is made at 1 - (1 - LEVEL) / pairs (Dunn 1961)."""


@dataclass(frozen=True, slots=True)
class FourCells:
    """Studies by whether they have a finding and a value; what is uncertain or not known is in none.

    Attributes:
        both: Finding and value.
        finding_only: The finding without the value (likewise value_only).
        neither: Neither.
    """

    both: int
    finding_only: int
    value_only: int
    neither: int

    @property
    def varied(self) -> bool:
        """Say whether there are studies with and without the finding, and with and without the value."""
        return bool(
            self.both + self.finding_only
            and self.value_only + self.neither
            and self.both + self.value_only
            and self.finding_only + self.neither
        )

    def odds_ratio(self, level: float) -> tuple[float, float, float]:
        """Return the odds ratio with its interval (Woolf 1955); a half is added to each cell where one is empty.

        That is the correction of Haldane (1956) and Anscombe (1956): without it the ratio would be 0 or without end.
        """
        cells = (self.both, self.finding_only, self.value_only, self.neither)
        a, b, c, d = (n if all(cells) else n + 0.5 for n in cells)
        middle = math.log(a * d / (b * c))
        reach = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        return math.exp(middle), math.exp(middle - reach), math.exp(middle + reach)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A finding and a value that may go together.

    Attributes:
        finding: Lexicon id.
        attribute: Name of the attribute (likewise value).
        cells: Studies with both, one or neither.
        odds_ratio: How much likelier the finding is with the value; below 1, how much less (likewise low, high: the
            ends of its interval).
        clear: Whether the interval leaves 1 out.
        target: What `--target` of a plan with `--pairing normal-host` would break it, "" where the finding cannot be
            put into a picture.
        after: The odds ratio with that target filled; NaN without one.
    """

    finding: str
    attribute: str
    value: str
    cells: FourCells
    odds_ratio: float
    low: float
    high: float
    clear: bool
    target: str
    after: float

    @property
    def strength(self) -> float:
        """The end of the interval that is nearest to 1, as a ratio above 1; below 1 where the interval holds 1."""
        return max(self.low, 1 / self.high)


def find_associations(counts: Mapping[StudyAttributes, int]) -> list[Shortcut]:
    """Compare every finding with every value, the strongest first.

    An attribute of two values is compared once, by the value with which a finding is likelier.

    Args:
        counts: How many studies are known by the same attributes.
    """
    values = _values(counts)
    tables = {
        (finding, name, value): cells
        for finding in finding_ids()
        for name in values
        if (finding, name) != (DEVICES, DEVICE)
        for value, cells in _compared(counts, finding, name, values[name])
        if cells.varied
    }
    level = 1 - (1 - LEVEL) / max(1, len(tables))
    found = [_shortcut(*key, cells, level, values[key[1]]) for key, cells in tables.items()]
    return sorted(found, key=lambda s: (-s.strength, s.finding, s.attribute, s.value))


def _values(counts: Mapping[StudyAttributes, int]) -> dict[str, tuple[str, ...]]:
    """Return the attributes that have two values or more, with them."""
    pairs = sorted({pair for known in counts for pair in known.values})
    named = {name: tuple(value for known, value in pairs if known == name) for name, _ in pairs}
    return {name: values for name, values in named.items() if len(values) > 1}


def _compared(
    counts: Mapping[StudyAttributes, int], finding: str, name: str, values: Iterable[str]
) -> Iterator[tuple[str, FourCells]]:
    by_value: dict[str, Counter[bool]] = {value: Counter() for value in values}
    for known, count in counts.items():
        state, value = known.state(finding), known.value(name)
        if value and state != UNCERTAIN:
            by_value[value][state == PRESENT] += count
    whole = sum(by_value.values(), Counter[bool]())
    found = [
        (value, FourCells(own[True], whole[True] - own[True], own[False], whole[False] - own[False]))
        for value, own in by_value.items()
    ]
    if len(found) > 2:
        yield from found
    else:
        yield max(found, key=lambda entry: entry[1].odds_ratio(LEVEL)[0])


def _shortcut(
    finding: str, name: str, value: str, cells: FourCells, level: float, values: tuple[str, ...]
) -> Shortcut:
    ratio, low, high = cells.odds_ratio(level)
    target, after = _remedy(finding, name, value, cells, values)
    return Shortcut(finding, name, value, cells, ratio, low, high, not low <= 1 <= high, target, after)


def _remedy(
    finding: str, name: str, value: str, cells: FourCells, values: tuple[str, ...]
) -> tuple[str, float]:
    """Return the target that would break a shortcut, and the odds ratio with it filled.

    As many as with the value, where there are fewer without it; else as frequent, and the ratio is 1.
    """
    if not NormalHost(findings=(finding,)).may_come(finding):
        return "", math.nan
    likelier = cells.both * cells.neither >= cells.finding_only * cells.value_only
    if len(values) > 2:
        target = f"{BALANCE}:{finding}/{name}" if likelier else f"{finding}@{name}={value}"
        return f"{target}:{EVEN}", 1.0
    target = f"{finding}@{name}={_other(values, value)}"
    if cells.both <= cells.finding_only:
        return f"{target}:{EVEN}", 1.0
    as_many = replace(cells, finding_only=cells.both)
    return target, as_many.odds_ratio(LEVEL)[0]


def _other(values: Iterable[str], value: str) -> str:
    return next(other for other in values if other != value)
