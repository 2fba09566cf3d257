"""The rules that cut a mask out of a map. None of them takes what lies above half of the map's own range.

That rule, found in published code, selects half of the picture on pure noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention.cells import Mask, Scores, Strength
from medcutmix_cli.attention.energies import Energy, check_energy, evidence
from medcutmix_cli.attention.rule import CellRule


@dataclass(frozen=True, slots=True)
class TopK(CellRule):
    """Take a fixed share of the cells, the highest. Needs no reading of the scores, only their order.

    Attributes:
        fraction: Share of the usable cells to take, before pieces are dropped.
    """

    fraction: float = 0.20

    def check(self) -> None:
        """Refuse a share that is none."""
        if not 0 < self.fraction <= 1:
            raise ValueError("fraction must be in (0, 1]")

    def strengths(self, scores: Scores, usable: Mask) -> Strength:
        """Take the highest cells."""
        return top_cells(scores, usable, self.fraction).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Otsu(CellRule):
    """Take the upper of two classes of scores: a mask as large as the evidence, where there are two classes."""

    def check(self) -> None:
        """Have no options of its own."""

    def strengths(self, scores: Scores, usable: Mask) -> Strength:
        """Take the cells from the threshold up; none of a map of one value."""
        taken = usable & (scores >= otsu_threshold(scores[usable]))
        return taken.astype(np.float32)


@dataclass(frozen=True, slots=True)
class EnergyRule(CellRule):
    """A rule that weighs cells against each other, so it must be told what the scores are.

    Attributes:
        energy: "softmax" (one head of cross-attention), "relu" (the positive part, as activation maps are read)
            or "decoder" (each score is the logit of its cell).
    """

    energy: str = "softmax"

    def check(self) -> None:
        """Refuse a reading that there is not."""
        check_energy(self.energy)

    def lacks_evidence(self, scores: Scores, usable: Mask) -> bool:
        """Say that the reading counts no usable cell."""
        return not self.evidence_of(scores, usable).any()

    def evidence_of(self, scores: Scores, usable: Mask) -> Energy:
        """Return what each usable cell counts, (grid_h, grid_w) float64 >= 0, 0 elsewhere."""
        return evidence(np.where(usable, scores, np.float32(np.nan)), self.energy)


@dataclass(frozen=True, slots=True)
class Mass(EnergyRule):
    """Take the fewest cells that hold a share of the energy: small where the encoder is sure.

    Attributes:
        fraction: Share of the usable cells' energy to hold, before pieces are dropped.
    """

    fraction: float = 0.90

    def check(self) -> None:
        """Refuse a share that is none."""
        check_energy(self.energy)
        if not 0 < self.fraction <= 1:
            raise ValueError("fraction must be in (0, 1]")

    def strengths(self, scores: Scores, usable: Mask) -> Strength:
        """Take cells from the heaviest down until they hold enough."""
        counted = self.evidence_of(scores, usable)
        held = np.cumsum(np.sort(counted[usable])[::-1])
        count = 1 + int(np.searchsorted(held, self.fraction * held[-1])) if held.size else 0
        return highest_cells(counted, usable, count).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Soft(EnergyRule):
    """Give each cell a strength between 0 and 1, so that the paste has no edge of its own.

    Attributes:
        low, high: Quantiles of the usable cells' energy at which the strength is 0 and 1; between them it
            rises with the energy. Where both are the same value, the cells above it have strength 1.
    """

    low: float = 0.50
    high: float = 0.95

    def check(self) -> None:
        """Refuse quantiles out of order."""
        check_energy(self.energy)
        if not 0 <= self.low < self.high <= 1:
            raise ValueError("0 <= low < high <= 1 does not hold")

    def strengths(self, scores: Scores, usable: Mask) -> Strength:
        """Rescale the energy between its quantiles."""
        if not usable.any():
            return np.zeros(scores.shape, dtype=np.float32)
        counted = self.evidence_of(scores, usable)
        low, high = np.quantile(counted[usable], (self.low, self.high))
        rise = (counted - low) / (high - low) if high > low else counted > low
        return np.where(usable, np.clip(rise, 0.0, 1.0), 0.0).astype(np.float32)


def top_cells(scores: Scores, usable: Mask, fraction: float) -> Mask:
    """Mark the `fraction` of usable cells that score highest; ties go to the first in reading order."""
    return highest_cells(scores, usable, round(fraction * int(usable.sum())))


def highest_cells(values: Scores | Energy, usable: Mask, count: int) -> Mask:
    """Mark the `count` highest usable cells; ties go to the first in reading order."""
    chosen = np.zeros(values.size, dtype=np.bool_)
    order = np.argsort(np.where(usable, -values, np.inf), axis=None, kind="stable")
    chosen[order[:count]] = True
    return chosen.reshape(values.shape) & usable


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
