"""Paired differences over chunks: Student's interval, its p, and Holm's correction. Knows no arm and no outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, sqrt

import numpy as np
from scipy import stats

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of paired differences; NaN for what cannot be said of so few.

    Attributes:
        mean: Of the differences.
        low, high: Ends of the interval of `LEVEL` by Student's t, chunks being the unit.
        p: Two-sided, of no difference.
        chunks: How many pairs there were.
    """

    mean: float
    low: float
    high: float
    p: float
    chunks: int

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


def paired(values: Sequence[float], controls: Sequence[float]) -> Difference:
    """Return the mean difference of pairs with its interval.

    Args:
        values: One a chunk.
        controls: Of the same chunks in the same order.

    Raises:
        ValueError: They are not of the same length.
    """
    if len(values) != len(controls):
        raise ValueError(f"{len(values)} values and {len(controls)} controls are no pairs")
    return of_differences(np.asarray(values, np.float64) - np.asarray(controls, np.float64))


def of_differences(differences: Sequence[float] | np.ndarray) -> Difference:
    """Return the mean of differences with its interval (one-sample t).

    Where all are alike the interval is that one value, and p is 0, or 1 where it is 0.
    """
    each = np.asarray(differences, np.float64)
    count, nan = len(each), float("nan")
    if count < 2:
        return Difference(float(each.mean()) if count else nan, nan, nan, nan, count)
    middle, error = float(each.mean()), float(each.std(ddof=1)) / sqrt(count)
    if error == 0:
        return Difference(middle, middle, middle, float(middle == 0), count)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) * error
    p = float(2 * stats.t.sf(abs(middle) / error, count - 1))
    return Difference(middle, middle - reach, middle + reach, p, count)


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """Correct p-values for how many there are (Holm 1979, Scand J Stat 6:65); NaN stays and does not count."""
    known = sorted((p, name) for name, p in chances.items() if not isnan(p))
    corrected = {name: float("nan") for name in chances}
    highest = 0.0
    for number, (p, name) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - number) * p))
        corrected[name] = highest
    return corrected
