"""Maps to masks: which cells of the grid carry the evidence. Knows no encoder, no report and no pixel.

Frames: grids are (grid_h, grid_w) over the whole square canvas, row 0 at the top. Cells outside the picture
hold NaN. The patient's left is the right half of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from medcutmix_cli.records import Placement, Side

Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a picture that a sentence is about, or why there is none.

    Attributes:
        mask: (grid_h, grid_w) bool.
        rejected: "" or the name of the rule that refused it.
    """

    mask: Mask
    rejected: str = ""


class MaskRule(Protocol):
    """A plugin of the group `medcutmix.masks`: a frozen dataclass whose fields are its settings."""

    def select(self, scores: Scores, side: Side, placement: Placement) -> Region:
        """Choose the cells; NaN cells are never chosen."""


@dataclass(frozen=True, slots=True)
class TopK:
    """Keep the highest cells, then the largest connected piece (one a side where bilateral).

    A threshold always returns a region, even on noise, so the rules below may refuse it by name.

    Attributes:
        fraction: Share of the usable cells to take, before pieces are dropped.
        border: Rings of cells at the picture's edge that are never taken (markers, collimation).
        smoothing: Sigma of a Gaussian over the grid, in cells; 0 is none.
        min_area, max_area: Allowed share of the picture's cells, after pieces are dropped.
    """

    fraction: float = 0.20
    border: int = 1
    smoothing: float = 0.0
    min_area: float = 0.03
    max_area: float = 0.40

    def __post_init__(self) -> None:
        """Refuse what no mask can come of."""
        if not (0 < self.fraction <= 1 and self.border >= 0 and self.smoothing >= 0):
            raise ValueError("fraction must be in (0, 1], border and smoothing at least 0")
        if not 0 <= self.min_area <= self.max_area <= 1:
            raise ValueError("0 <= min_area <= max_area <= 1 does not hold")

    def select(self, scores: Scores, side: Side, placement: Placement) -> Region:
        """Choose the cells of one map; see the class."""
        inside = cells_inside(placement, scores.shape) & np.isfinite(scores)
        usable = erode(inside, self.border)
        ranked = smooth(scores, inside, self.smoothing)
        mask = keep_pieces(top_cells(ranked, usable, self.fraction), side, placement)
        return Region(mask, self._refusal(mask, inside, ranked, side, placement))

    def _refusal(self, mask: Mask, inside: Mask, scores: Scores, side: Side, placement: Placement) -> str:
        area = mask.sum() / max(1, inside.sum())
        if area < self.min_area:
            return "mask-too-small"
        if area > self.max_area:
            return "mask-too-large"
        return "" if agrees_with_side(mask, scores, side, placement) else "mask-on-other-side"


def cells_inside(placement: Placement, grid: tuple[int, ...]) -> Mask:
    """Return the cells at least half of whose area holds picture, (grid_h, grid_w) bool."""
    rows = _overlap(placement.top, placement.height, placement.canvas, grid[0])
    columns = _overlap(placement.left, placement.width, placement.canvas, grid[1])
    inside: Mask = np.outer(rows, columns) >= 0.5
    return inside


def _overlap(start: int, length: int, canvas: int, cells: int) -> npt.NDArray[np.float64]:
    edges = np.linspace(0.0, canvas, cells + 1)
    low, high = np.maximum(edges[:-1], start), np.minimum(edges[1:], start + length)
    return np.asarray(np.clip(high - low, 0.0, None) / (canvas / cells))


def erode(mask: Mask, rings: int) -> Mask:
    """Take `rings` cells off the edge of a mask; the grid's own edge counts as edge."""
    if rings == 0:
        return mask
    return np.asarray(ndimage.binary_erosion(mask, np.ones((3, 3)), iterations=rings), dtype=np.bool_)


def smooth(scores: Scores, inside: Mask, sigma: float) -> Scores:
    """Blur a map inside the picture only (normalised convolution), NaN elsewhere."""
    filled = np.where(inside, scores, 0.0).astype(np.float32)
    if sigma > 0:
        share = ndimage.gaussian_filter(inside.astype(np.float32), sigma, mode="constant")
        filled = ndimage.gaussian_filter(filled, sigma, mode="constant") / np.maximum(share, 1e-6)
    return np.where(inside, filled, np.nan).astype(np.float32)


def top_cells(scores: Scores, usable: Mask, fraction: float) -> Mask:
    """Mark the `fraction` of usable cells that score highest; ties go to the first in reading order."""
    chosen = np.zeros(scores.size, dtype=np.bool_)
    count = round(fraction * int(usable.sum()))
    order = np.argsort(np.where(usable, -scores, np.inf), axis=None, kind="stable")
    chosen[order[:count]] = True
    return chosen.reshape(scores.shape)


def keep_pieces(mask: Mask, side: Side, placement: Placement) -> Mask:
    """Keep the largest 8-connected piece, or the largest of each half where the finding is bilateral."""
    if side is not Side.BILATERAL:
        return _largest(mask)
    right_half = on_image_right(mask.shape, placement)
    return _largest(mask & right_half) | _largest(mask & ~right_half)


def _largest(mask: Mask) -> Mask:
    labelled, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count == 0:
        return mask
    sizes = np.bincount(labelled.ravel())[1:]
    return np.asarray(labelled == 1 + int(np.argmax(sizes)), dtype=np.bool_)


def on_image_right(grid: tuple[int, ...], placement: Placement) -> Mask:
    """Mark the cells whose centre lies right of the picture's midline: the patient's left."""
    centres = (np.arange(grid[1]) + 0.5) * placement.canvas / grid[1]
    right = centres > placement.left + placement.width / 2
    return np.broadcast_to(right, (grid[0], grid[1])).copy()


def agrees_with_side(mask: Mask, scores: Scores, side: Side, placement: Placement) -> bool:
    """Say whether the mask's peak and at least half of its cells lie on the stated side of the patient."""
    right = on_image_right(mask.shape, placement)
    if side is Side.BILATERAL:
        return bool((mask & right).any() and (mask & ~right).any())
    if side is Side.NONE:
        return True
    stated = right if side is Side.LEFT else ~right
    peak = np.unravel_index(int(np.argmax(np.where(mask, scores, -np.inf))), mask.shape)
    return bool(stated[peak] and (mask & stated).sum() * 2 >= mask.sum())


def attention_mass(scores: Scores) -> npt.NDArray[np.float64]:
    """Read a map as one head of cross-attention: softmax over its cells, (grid_h, grid_w), sums to 1.

    NaN cells get 0. The encoder's scores are logits: their temperature is already in them.
    """
    finite = np.isfinite(scores)
    top = np.max(scores[finite]) if finite.any() else 0.0
    energy = np.where(finite, np.exp(np.where(finite, scores, 0.0).astype(np.float64) - top), 0.0)
    return np.asarray(energy / max(energy.sum(), np.finfo(np.float64).tiny))
