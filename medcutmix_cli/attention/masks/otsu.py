"""The mask rule `otsu`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention.cells import Mask, Scores, Strength
from medcutmix_cli.attention.rule import CellRule


@dataclass(frozen=True, slots=True)
class Otsu(CellRule):
    """Take the upper of two classes of scores: a mask as large as the evidence, where there are two classes."""

    def check(self) -> None:
        """Have no options of its own."""

    def strengths(self, scores: Scores, usable: Mask) -> Strength:
        """Take the cells from the threshold up; none of a map of one value."""
        taken = usable & (scores >= otsu_threshold(scores[usable]))
        return taken.astype(np.float32)


def otsu_threshold(values: npt.NDArray[np.float32]) -> float:
    """Return the least value of the upper class (N. Otsu, IEEE Trans. Syst. Man Cybern. 9, 1979).

    Exact: every split between two different values is tried, there are no bins.

    Args:
        values: (n,) float32, finite.

    Returns:
        inf where there are not two classes.
    """
    ordered = np.sort(values)
    if ordered.size == 0 or ordered[0] == ordered[-1]:
        return np.inf
    # Counted from the least value, so that a constant added to all of them changes no digit below.
    above = ordered.astype(np.float64) - float(ordered[0])
    sums, below = np.cumsum(above), np.arange(1, above.size)
    lower, upper = sums[:-1] / below, (sums[-1] - sums[:-1]) / (above.size - below)
    spread = below * (above.size - below) * (upper - lower) ** 2
    spread[ordered[1:] == ordered[:-1]] = -1.0
    return float(ordered[1 + int(np.argmax(spread))])
