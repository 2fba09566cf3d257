"""Where the mix happens: the recipient's evidence, the donor's, or both. One class a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from medcutmix_cli.attention import Strength


class RegionRule(Protocol):
    """A plugin of the group `medcutmix.regions`."""

    def join(self, recipient: Strength, donor: Strength) -> Strength:
        """Combine two strengths into that of the region to paste; it holds where the result is at least 0.5.

        Both are (grid_h, grid_w) float32 in [0, 1], in the canvas frame; those of hard masks are 0 and 1.
        """


@dataclass(frozen=True, slots=True)
class InPlaceUnion:
    """M = M_A or M_B: the recipient's own sentence leaves, so its evidence must leave as well."""

    def join(self, recipient: Strength, donor: Strength) -> Strength:
        """Return the union: the stronger of the two."""
        return np.maximum(recipient, donor)


@dataclass(frozen=True, slots=True)
class InPlaceDonor:
    """M = M_B: only the donor's evidence comes; the recipient's stays where the masks do not meet."""

    def join(self, recipient: Strength, donor: Strength) -> Strength:
        """Return the donor's."""
        return donor.copy()
