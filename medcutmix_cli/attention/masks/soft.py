"""The mask rule `soft`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medcutmix_cli.attention.cells import Mask, Scores, Strength
from medcutmix_cli.attention.energies import check_energy
from medcutmix_cli.attention.energy_rule import EnergyRule


@dataclass(frozen=True, slots=True)
class Soft(EnergyRule):
    """Give each cell a strength between 0 and 1, so that the paste has no edge of its own.

    Attributes:
        low, high: Quantiles of the usable cells' energy at which the strength is 0 and 1; between them it
            rises with the energy. Where both are the same value, the cells above it have strength 1.
    """

    graded: ClassVar[bool] = True

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
