"""Right and left lung of one mask, and which side and third of them a place is in. Knows masks only.

The patient faces whoever looks: the right lung is the one on the image's left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from medcutmix_cli.evaluation.mix_geometry import Mask
from medcutmix_cli.records import Side

ZONES = ("upper", "middle", "lower")

_MERGED = 0.75  # share of the mask from which one piece is both lungs
_LEAST = 0.15  # share of the mask below which a lung is missing
_NARROW = 0.75  # width by height below which only one lung is there


@dataclass(frozen=True, slots=True)
class LungPair:
    """Both lungs of one picture, each (canvas, canvas) bool."""

    right: Mask = field(repr=False)
    left: Mask = field(repr=False)

    def of(self, side: Side) -> Mask:
        """Return the lung of a side, both where it is none of them."""
        lungs = {Side.RIGHT: self.right, Side.LEFT: self.left}
        return lungs.get(side, np.asarray(self.right | self.left))

    def side_of(self, region: Mask) -> Side:
        """Return the side of a region's centre of mass, taken over what lies in the lungs."""
        inside = region & (self.right | self.left)
        right, left = _centre(self.right)[0], _centre(self.left)[0]
        if not inside.any():
            return Side.NONE
        return Side.RIGHT if _centre(inside)[0] < (right + left) / 2 else Side.LEFT

    def zone_of(self, region: Mask, side: Side) -> str:
        """Return the third of a lung's height in which a region's centre of mass in it lies, "" where it has none."""
        lung = self.of(side)
        inside = region & lung
        if not inside.any():
            return ""
        rows = np.flatnonzero(lung.any(axis=1))
        depth = (_centre(inside)[1] - rows[0]) / max(1, rows[-1] - rows[0])
        return ZONES[min(2, int(3 * depth))]


def split_lungs(lung: Mask) -> LungPair | None:
    """Tell right from left: by connected pieces, and down the narrowest column where both are one piece.

    Returns:
        None where one lung is missing.
    """
    rows, columns = np.flatnonzero(lung.any(axis=1)), np.flatnonzero(lung.any(axis=0))
    if not rows.size or np.ptp(columns) < _NARROW * np.ptp(rows):
        return None
    middle = _narrowest(lung, int(columns[0]), int(columns[-1]))
    right = np.zeros_like(lung)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(lung.astype(np.uint8))
    for piece in range(1, count):
        own = labels == piece
        if stats[piece, cv2.CC_STAT_AREA] > _MERGED * lung.sum():
            own[:, middle:] = False
        elif centres[piece][0] >= middle:
            continue
        right |= own
    share = right.sum() / lung.sum()
    return LungPair(right, np.asarray(lung & ~right)) if _LEAST < share < 1 - _LEAST else None


def _narrowest(lung: Mask, first: int, last: int) -> int:
    """Return the column between the lungs: where fewest rows are lung, in the middle two fifths of their width."""
    width = last - first + 1
    start, end = first + 3 * width // 10, first + 7 * width // 10
    tall = lung[:, start : max(end, start + 1)].sum(axis=0)
    lowest = np.flatnonzero(tall == tall.min())
    return start + int(lowest[len(lowest) // 2])


def _centre(mask: Mask) -> tuple[float, float]:
    """Return the centre of mass (x, y) of a mask that holds a pixel."""
    y, x = np.nonzero(mask)
    return float(x.mean()), float(y.mean())
