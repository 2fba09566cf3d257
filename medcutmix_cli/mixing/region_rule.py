"""What a region is: where the mix happens, in the recipient's frame.

Strengths are float32 in [0, 1] on the grid; those of hard masks are 0 and 1. A region holds where it is >= 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from medcutmix_cli.attention import Strength
from medcutmix_cli.mixing.shifts import IN_PLACE, Shift
from medcutmix_cli.records import Placement, Side


@dataclass(frozen=True, slots=True)
class ParentEvidence:
    """What is known of one parent's evidence.

    Attributes:
        strength: (grid_h, grid_w) float32, how much of a cell belongs to it, in the parent's own canvas frame; 0
            everywhere where the parent was not asked.
        side: Side its report gives the finding.
    """

    strength: Strength
    side: Side
    placement: Placement


@dataclass(frozen=True, slots=True)
class JoinedRegion:
    """The region to paste, in the recipient's frame, or why there is none.

    Attributes:
        shift: How far the donor is moved before it is pasted.
        rejected: "" or the name of the rule that refused it.
    """

    strength: Strength
    shift: Shift = field(default=IN_PLACE)
    rejected: str = ""


class RegionRule(Protocol):
    """A plugin of the group `medcutmix.regions`: a frozen dataclass whose fields are its settings."""

    def join(self, recipient: ParentEvidence, donor: ParentEvidence) -> JoinedRegion:
        """Say what is pasted; cells where a parent has no picture are left out by others."""
