"""The mask rule `topk`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.attention.cells import Mask, Scores, Strength, top_cells
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
