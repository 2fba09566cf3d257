"""Findings and attributes that go together in a set: counts, odds ratios, and the target that would break each.

Counts studies by what is known of them by name; opens none. Studies of one patient count each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

from medcutmix_cli.pairing.attributes import DEVICE, DEVICES, PRESENT, UNCERTAIN, StudyAttributes
from medcutmix_cli.pairing.normal_host import NormalHost
from medcutmix_cli.planning.target_cells import as_frequent
from medcutmix_cli.planning.targets import BALANCE, EVEN
from medcutmix_cli.reports.lexicon import finding_ids

LEVEL = 0.95
CORRECTION = "Bonferroni"
"""All intervals hold together at `LEVEL`: each is made at 1 - (1 - LEVEL) / pairs (Dunn 1961)."""

ByValue = Mapping[str, Mapping[bool, int]]
"""Value of an attribute -> studies with and without a finding; what is uncertain is in none."""


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
    tables = {
        (finding, name): _by_value(counts, finding, name, values)
        for finding in finding_ids()
        for name, values in _values(counts).items()
        if (finding, name) != (DEVICES, DEVICE)
    }
    compared = [(*key, value, own) for key, own in tables.items() for value in _compared(own)]
    varied = [each for each in compared if four_cells(each[3], each[2]).varied]
    level = 1 - (1 - LEVEL) / max(1, len(varied))
    found = [_shortcut(*each, level) for each in varied]
    return sorted(found, key=lambda s: (-s.strength, s.finding, s.attribute, s.value))


def four_cells(by_value: ByValue, value: str) -> FourCells:
    """Return the studies of one value against those of all others."""
    own = by_value[value]
    having, lacking = (sum(each[has] for each in by_value.values()) for has in (True, False))
    return FourCells(own[True], having - own[True], own[False], lacking - own[False])


def _values(counts: Mapping[StudyAttributes, int]) -> dict[str, tuple[str, ...]]:
    """Return the attributes that have two values or more, with them."""
    pairs = sorted({pair for known in counts for pair in known.values})
    named = {name: tuple(value for known, value in pairs if known == name) for name, _ in pairs}
    return {name: values for name, values in named.items() if len(values) > 1}


def _by_value(
    counts: Mapping[StudyAttributes, int], finding: str, name: str, values: Iterable[str]
) -> ByValue:
    by_value = {value: Counter({True: 0, False: 0}) for value in values}
    for known, count in counts.items():
        state, value = known.state(finding), known.value(name)
        if value and state != UNCERTAIN:
            by_value[value][state == PRESENT] += count
    return by_value


def _compared(by_value: ByValue) -> list[str]:
    """Return the values to compare with the rest: of two, the one with which the finding is likelier."""
    if len(by_value) > 2:
        return list(by_value)
    return [max(by_value, key=lambda value: four_cells(by_value, value).odds_ratio(LEVEL)[0])]


def _shortcut(finding: str, name: str, value: str, by_value: ByValue, level: float) -> Shortcut:
    cells = four_cells(by_value, value)
    ratio, low, high = cells.odds_ratio(level)
    target, after = "", math.nan
    if NormalHost(findings=(finding,)).may_come(finding):
        target, filled = _remedy(finding, name, value, by_value)
        after = four_cells(filled, value).odds_ratio(LEVEL)[0]
    return Shortcut(finding, name, value, cells, ratio, low, high, not low <= 1 <= high, target, after)


def _remedy(finding: str, name: str, value: str, by_value: ByValue) -> tuple[str, ByValue]:
    """Return the target that would break a shortcut, and the studies with it filled.

    Of two values, as many as with the value where there are fewer without it, else as frequent. Of several, all as
    frequent; one with which the finding is rarer gets a number: as frequent as with the most frequent other value
    would be more than with the rest, and turn the association round.
    """
    cells = four_cells(by_value, value)
    if len(by_value) == 2:
        [other] = by_value.keys() - {value}
        target = f"{finding}@{name}={other}"
        if cells.both <= cells.finding_only:
            return f"{target}:{EVEN}", _made_even(by_value, [other])
        return target, _with(by_value, other, cells.both)
    if cells.both * cells.neither >= cells.finding_only * cells.value_only:
        return f"{BALANCE}:{finding}/{name}:{EVEN}", _made_even(by_value, by_value)
    wanted = _as_likely(cells)
    return f"{finding}@{name}={value}:+{wanted - cells.both}", _with(by_value, value, wanted)


def _as_likely(cells: FourCells) -> int:
    """Return how many with the value must have the finding for it to be as likely as without; one more at least.

    Where all without the value have it no number would do: as many then.
    """
    without = cells.finding_only
    wanted = round(without * cells.value_only / cells.neither) if cells.neither else without
    return max(cells.both + 1, wanted)


def _made_even(by_value: ByValue, values: Collection[str]) -> ByValue:
    """Return the studies with some values as frequent as the most frequent other (see `target_cells`)."""
    return {
        value: own if value not in values else {**own, True: _even(by_value, value)}
        for value, own in by_value.items()
    }


def _even(by_value: ByValue, value: str) -> int:
    own = by_value[value]
    others = (each for other, each in by_value.items() if other != value)
    return max(own[True], *(as_frequent(each[True], each[False], own[False]) for each in others))


def _with(by_value: ByValue, value: str, having: int) -> ByValue:
    return {**by_value, value: {**by_value[value], True: having}}
