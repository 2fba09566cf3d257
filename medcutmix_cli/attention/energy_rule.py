"""What mask rules have in common that weigh cells against each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.attention.cells import Mask, Scores
from medcutmix_cli.attention.energies import Energy, check_energy, evidence
from medcutmix_cli.attention.rule import CellRule


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
