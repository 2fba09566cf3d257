"""The region `paste-to-target`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.attention import Mask, cells_inside, cells_on_side
from medcutmix_cli.mixing.region_rule import JoinedRegion, ParentEvidence
from medcutmix_cli.mixing.shifts import Shift, shift_array


@dataclass(frozen=True, slots=True)
class PasteToTarget:
    """Move the donor so that the centre of its evidence lies on the centre of the recipient's.

    Moved by whole cells, never mirrored, and only where the recipient has a place: otherwise in place. Where a
    side is stated, what would lie across the recipient's midline is left out. A paste that is moved too far, or
    of which less than half is left, is refused ("moved-too-far").

    Attributes:
        farthest: Longest way, as a share of the canvas' side: beyond it, anatomy no longer fits.
    """

    farthest: float = 0.25

    def __post_init__(self) -> None:
        """Refuse a distance that is none."""
        if not 0 <= self.farthest <= 1:
            raise ValueError("farthest must be in [0, 1]")

    def join(self, recipient: ParentEvidence, donor: ParentEvidence) -> JoinedRegion:
        """Return the donor's strength, moved."""
        target, source = recipient.strength >= 0.5, donor.strength >= 0.5
        if not target.any() or not source.any():
            return JoinedRegion(donor.strength.copy())
        shift = _between(_centre(source), _centre(target))
        strength = np.where(
            _allowed(recipient, donor), shift_array(donor.strength, shift.rows, shift.columns), 0
        )
        kept = int((strength >= 0.5).sum())
        far = np.hypot(shift.rows / target.shape[0], shift.columns / target.shape[1]) > self.farthest
        reason = "moved-too-far" if far or kept * 2 < int(source.sum()) else ""
        return JoinedRegion(strength.astype(np.float32), shift, reason)


def _centre(mask: Mask) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(rows.mean()), float(columns.mean())


def _between(source: tuple[float, float], target: tuple[float, float]) -> Shift:
    return Shift(round(target[0] - source[0]), round(target[1] - source[1]))


def _allowed(recipient: ParentEvidence, donor: ParentEvidence) -> Mask:
    """Return the recipient's picture, and of it the half that a stated side is in (sides.py, clause 8)."""
    inside = cells_inside(recipient.placement, recipient.strength.shape)
    for side in (recipient.side, donor.side):
        inside &= cells_on_side(recipient.strength.shape, side, recipient.placement)
    return inside
