"""The mask rule `region-growing`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention.areas import expected_area
from medcutmix_cli.attention.cells import Mask, Scores, cells_in_half, cells_with_score, grow
from medcutmix_cli.attention.rule import GridRule, Region
from medcutmix_cli.records import MapTarget, Placement
from medcutmix_cli.sides import mask_halves


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionGrowing(GridRule):
    """Grow from the peak to where the map's own evidence ends, within what the finding usually covers.

    Heights count from the median of the usable cells, which most findings leave alone, and are told as a share of the
    peak's: neither a constant nor a factor on all scores changes anything. The mask is never smaller than one cell or
    the 10th percentile of the finding's area, nor larger than what the 90th percentile touches, both moved by the word
    of size (`attention/rules`). Where bilateral, one grows in each half whose own peak is as high as the foot.

    Attributes:
        level: Height down to which cells that hang together with the peak are evidence. A half is where the width of a
            peak is measured, whatever its shape.
        foot: Height down to which they are exchanged with it, at the picture's edge too, as its edge may lie there: a
            cell that a finding just touches scores lower than one that it fills.
        min_area, max_area: Allowed share of the picture's cells, whatever the finding.
    """

    level: float = 0.50
    foot: float = 1 / 3
    min_area: float = 0.0
    max_area: float = 0.40

    def check(self) -> None:
        """Refuse heights out of order."""
        if not 0 < self.foot <= self.level <= 1:
            raise ValueError("0 < foot <= level <= 1 does not hold")

    def pieces(self, scores: Scores, usable: Mask, target: MapTarget, placement: Placement) -> Region:
        """Grow one piece, or one in each half."""
        inside = cells_with_score(scores, placement)
        heights = _heights(scores, usable, inside)
        halves = mask_halves(target.side)  # sides.py, clause 9
        expected, cells = expected_area(target), inside.sum() / len(halves)
        limit = self.max_area * cells
        sizes = _Sizes(
            least=max(1, round(expected.least * cells)),
            most=int(min(limit, count_touched(expected.most * cells, 1))),
            farthest=int(min(limit, count_touched(expected.most * cells, 2))),
        )
        mask, reach = np.zeros_like(inside), np.zeros_like(inside)
        for half in halves:
            where = cells_in_half(scores.shape, half, placement)
            if (usable & where & (heights >= self.foot)).any():
                core = self._core(heights, usable & where, sizes)
                mask |= core
                reach |= core | self._around(heights, core, inside & where, sizes)
        return Region(mask, reach=reach.astype(np.float32))

    def _core(self, heights: Scores, usable: Mask, sizes: _Sizes) -> Mask:
        """Return the evidence of one piece: as high as the level, and of a size that the finding may have."""
        peak = _peak(heights, usable)
        grown = grow(heights, usable, peak, max(sizes.least, sizes.most))
        high = _first_below(heights.ravel()[grown], self.level * float(heights.flat[peak]))
        return _marked(grown[: max(sizes.least, high)], usable)

    def _around(self, heights: Scores, core: Mask, inside: Mask, sizes: _Sizes) -> Mask:
        """Return the cells that hang together with the peak at its foot, edges of the picture among them."""
        peak = _peak(heights, core)
        grown = grow(heights, inside, peak, sizes.farthest)
        return _marked(
            grown[: _first_below(heights.ravel()[grown], self.foot * float(heights.flat[peak]))], inside
        )


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How many cells a piece may have: its evidence at least and at most, and all that it reaches at most."""

    least: int
    most: int
    farthest: int


def _heights(scores: Scores, usable: Mask, inside: Mask) -> Scores:
    """Return the scores with the median of the usable cells as 0 and their highest as 1; 0 where there is no peak."""
    ground, peak = (np.median(scores[usable]), scores[usable].max()) if usable.any() else (0.0, 0.0)
    rise = (scores - ground) / (peak - ground) if peak > ground else np.zeros_like(scores)
    return np.where(inside, rise, 0).astype(np.float32)


def _peak(heights: Scores, among: Mask) -> int:
    return int(np.argmax(np.where(among, heights, -np.inf)))


def _first_below(heights: npt.NDArray[np.float32], threshold: float) -> int:
    below = np.flatnonzero(heights < threshold)
    return int(below[0]) if below.size else heights.size


def _marked(cells: npt.NDArray[np.intp], like: Mask) -> Mask:
    mask = np.zeros_like(like)
    mask.flat[cells] = True
    return mask


def count_touched(area: float, more: int) -> int:
    """Return how many cells a square of `area` cells touches, on average over where it lies: one more a side.

    Args:
        area: In cells; may be less than one.
        more: Cells more a side: 1 for those that it touches, 2 for those beside them as well.
    """
    return int(np.ceil((area**0.5 + more) ** 2))
