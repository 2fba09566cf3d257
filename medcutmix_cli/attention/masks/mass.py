"""The mask rule `mass`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.attention.cells import Mask, Scores, Strength, highest_cells
from medcutmix_cli.attention.energies import check_energy
from medcutmix_cli.attention.energy_rule import EnergyRule


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
