"""Where the mix happens: the recipient's evidence, the donor's, or both. One class a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from medcutmix_cli.attention import Mask


class RegionRule(Protocol):
    """A plugin of the group `medcutmix.regions`."""

    def join(self, recipient: Mask, donor: Mask) -> Mask:
        """Combine the two (grid_h, grid_w) bool masks, both in the canvas frame, into the region to paste."""


@dataclass(frozen=True, slots=True)
class InPlaceUnion:
    """M = M_A or M_B: the recipient's own sentence leaves, so its evidence must leave as well."""

    def join(self, recipient: Mask, donor: Mask) -> Mask:
        """Return the union."""
        return recipient | donor


@dataclass(frozen=True, slots=True)
class InPlaceDonor:
    """M = M_B: only the donor's evidence comes; the recipient's stays where the masks do not meet."""

    def join(self, recipient: Mask, donor: Mask) -> Mask:
        """Return the donor's mask."""
        return donor.copy()
