"""Is there evidence at all? A map's peak is held against the peaks of pictures without the finding.

Every rule that cuts a mask returns one on noise as well, so weak evidence is refused before any mask is cut.
Knows no encoder, and not where the pictures without the finding come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import nan
from typing import Protocol

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention.cells import Scores, cells_with_score, erode
from medcutmix_cli.records import Guarantee, Placement

Nulls = npt.NDArray[np.float32]
"""(count,) statistics of pictures whose labels say that they lack the finding, in any order."""


class Gate(Protocol):
    """A plugin of the group `medcutmix.gates`: a frozen dataclass whose fields are its settings."""

    @property
    def pictures(self) -> int:
        """Say from how many label-negative pictures a finding it wants to be calibrated; 0: from none."""

    def statistic(self, scores: Scores, placement: Placement) -> float:
        """Reduce one map to the number that is compared."""

    def p_value(self, peak: float, nulls: Nulls) -> float:
        """Return how seldom a picture without the finding reaches `peak`; NaN where that is not asked."""

    def max_nulls_reaching(self, count: int) -> int:
        """Return how many of `count` nulls may reach a peak that is kept; -1: none is ever kept."""

    def min_nulls(self) -> int:
        """Return the fewest nulls with which anything can be kept."""

    def guarantee(self, count: int) -> Guarantee | None:
        """Return what is promised with `count` nulls; None where nothing is promised, whatever their number."""

    def keeps(self, peak: float, nulls: Nulls) -> bool:
        """Say whether the evidence is strong enough to be mixed."""


@dataclass(frozen=True, slots=True)
class NullMax:
    """Keep what at most a share `alpha` of pictures without the finding would reach, with `confidence`.

    A plain p <= 0.05 from 100 nulls keeps 5 % of such pictures only on average over calibrations: 44 % of all
    calibrations keep more, and a run has but one of them. Here the calibration's own chance is counted in: the
    threshold is the one-sided distribution-free tolerance limit (S. S. Wilks, Determination of sample sizes for
    setting tolerance limits, Ann. Math. Statist. 12, 1941). It needs 59 nulls by default; more nulls keep more
    true evidence for the same promise. The promise is about pictures drawn like the nulls.

    With fewer nulls, down to `least`, only what is above all of them is kept, and the promise holds with a lower
    confidence, which is stated: 1 - (1 - alpha)^n, 64 % for 20. Such a gate keeps a share 1 / (n + 1) of pictures
    without the finding on average over calibrations, so that from 19 nulls on `alpha` = 0.05 holds on average at least;
    the default has one to spare.

    Attributes:
        alpha: Share of pictures without the finding that may be kept.
        confidence: Share of calibrations for which `alpha` holds; 0 is the plain p <= alpha, true on average.
        pictures: Label-negative pictures that a plan takes for each finding, where it has that many.
        border: Rings of cells at the picture's edge that do not count (markers, collimation).
        least: Nulls below which a finding is refused where `confidence` takes more; with a `confidence` of 0 not asked.
    """

    alpha: float = 0.05
    confidence: float = 0.95
    pictures: int = 200
    border: int = 1
    least: int = 20

    def __post_init__(self) -> None:
        """Refuse a gate that means nothing, or that could never open."""
        if not (0 < self.alpha < 1 and 0 <= self.confidence < 1 and self.border >= 0 and self.least >= 1):
            raise ValueError(
                "alpha must be in (0, 1), confidence in [0, 1), border at least 0, least at least 1"
            )
        if _tolerated(self.pictures, self.alpha, self.confidence) < 0:
            raise ValueError(f"pictures must be at least {self._full_nulls()} for this alpha and confidence")

    def statistic(self, scores: Scores, placement: Placement) -> float:
        """Return the largest score of the picture's cells, `border` rings left out.

        Args:
            scores: (grid_h, grid_w) raw map, float16-exact, so that equal evidence is equal; NaN is left out.
            placement: Where the picture lies on the canvas.

        Returns:
            The peak; -inf where no cell is left.
        """
        return _peak(scores, placement, self.border)

    def p_value(self, peak: float, nulls: Nulls) -> float:
        """Return (1 + nulls that reach the peak) / (1 + nulls), in (0, 1]; 1 without nulls."""
        return (1 + _reaching(peak, nulls)) / (1 + nulls.size)

    def max_nulls_reaching(self, count: int) -> int:
        """Return the most of `count` nulls that may reach a peak that is kept, -1 where none may be kept.

        The largest k with P(Binomial(count, alpha) > k) >= confidence; with confidence 0 the largest k
        with (1 + k) / (1 + count) <= alpha. Where `count` is too small for any, 0 from `least` on.
        """
        limit = _tolerated(count, self.alpha, self.confidence)
        return 0 if limit < 0 and self.confidence and count >= self.least else limit

    def min_nulls(self) -> int:
        """Return the fewest nulls with which anything can be kept: `least`, or fewer where they do in full."""
        full = self._full_nulls()
        return min(full, self.least) if self.confidence else full

    def guarantee(self, count: int) -> Guarantee:
        """Return `alpha` with the confidence that so many nulls give it: P(Binomial(count, alpha) > k)."""
        from scipy import special

        limit = self.max_nulls_reaching(count)
        held = float(special.bdtrc(limit, count, self.alpha)) if limit >= 0 else 0.0
        return Guarantee(count, limit, self.alpha, held, self.confidence, self.min_nulls())

    def _full_nulls(self) -> int:
        """Return the fewest nulls that give the confidence asked for: (1 - alpha)^n <= 1 - confidence."""
        ratio = np.log1p(-self.confidence) / np.log1p(-self.alpha) if self.confidence else 1 / self.alpha - 1
        count = max(1, int(ratio) - 1)
        while _tolerated(count, self.alpha, self.confidence) < 0:
            count += 1
        return count

    def keeps(self, peak: float, nulls: Nulls) -> bool:
        """Say whether so few nulls reach the peak that the promise holds; a NaN peak is never kept."""
        return _reaching(peak, nulls) <= self.max_nulls_reaching(nulls.size)


@dataclass(frozen=True, slots=True)
class NoGate:
    """Keep everything: for maps that a person has checked, and to see what the gate is worth."""

    @property
    def pictures(self) -> int:
        """Ask for no calibration."""
        return 0

    def statistic(self, scores: Scores, placement: Placement) -> float:
        """Return the largest score of the picture's cells; -inf where there is none."""
        return _peak(scores, placement, 0)

    def p_value(self, peak: float, nulls: Nulls) -> float:
        """Return NaN: nothing was compared."""
        return nan

    def max_nulls_reaching(self, count: int) -> int:
        """Return all of them."""
        return count

    def min_nulls(self) -> int:
        """Return 0."""
        return 0

    def guarantee(self, count: int) -> None:
        """Promise nothing."""

    def keeps(self, peak: float, nulls: Nulls) -> bool:
        """Say yes."""
        return True


@lru_cache(maxsize=4096)
def _tolerated(count: int, alpha: float, confidence: float) -> int:
    """Return how many of `count` nulls may reach a peak without breaking the promise, -1 where it cannot be kept."""
    from scipy import special

    ranks = np.arange(count + 1)
    if confidence == 0:
        return int(np.count_nonzero((1 + ranks) / (1 + count) <= alpha)) - 1
    return int(np.count_nonzero(special.bdtrc(ranks, count, alpha) >= confidence)) - 1


def _peak(scores: Scores, placement: Placement, border: int) -> float:
    usable = erode(cells_with_score(scores, placement), border)
    return float(scores[usable].max()) if usable.any() else -np.inf


def _reaching(peak: float, nulls: Nulls) -> int:
    """Count the nulls that are not below the peak: NaN on either side counts against it."""
    return int(np.count_nonzero(~(nulls < peak)))
