"""The cells of a grid over the canvas: where the picture is, its edge, its halves, its connected pieces.

Frames: grids are (grid_h, grid_w) over the whole square canvas, row 0 at the top. Cells outside the picture
hold NaN. The patient's left is the right half of the picture.
"""

from __future__ import annotations

from functools import lru_cache
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Placement, Side, ThoraxPlacement
from medcutmix_cli.sides import Half, image_half, mask_halves

Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Strength = npt.NDArray[np.float32]
"""(grid_h, grid_w) in [0, 1]: how much of a cell belongs to the evidence."""

_EIGHT = np.ones((3, 3))


def cells_inside(placement: Placement, grid: tuple[int, ...]) -> Mask:
    """Return the cells at least half of whose area holds picture, (grid_h, grid_w) bool."""
    rows = _overlap(placement.top, placement.height, placement.canvas, grid[0])
    columns = _overlap(placement.left, placement.width, placement.canvas, grid[1])
    inside: Mask = np.outer(rows, columns) >= 0.5
    return inside


@lru_cache(maxsize=512)
def _overlap(start: int, length: int, canvas: int, cells: int) -> npt.NDArray[np.float64]:
    edges = np.linspace(0.0, canvas, cells + 1)
    low, high = np.maximum(edges[:-1], start), np.minimum(edges[1:], start + length)
    return np.asarray(np.clip(high - low, 0.0, None) / (canvas / cells))


def cells_with_score(scores: Scores, placement: Placement) -> Mask:
    """Return the cells of the picture that have a finite score, (grid_h, grid_w) bool."""
    scored: Mask = cells_inside(placement, scores.shape) & np.isfinite(scores)
    return scored


def erode(mask: Mask, rings: int) -> Mask:
    """Take `rings` cells off the edge of a mask; the grid's own edge counts as edge."""
    if rings == 0:
        return mask
    from scipy import ndimage

    return np.asarray(ndimage.binary_erosion(mask, _EIGHT, iterations=rings), dtype=np.bool_)


def widen(strength: Strength, rings: int) -> Strength:
    """Lay `rings` cells around what there is, each as strong as the strongest that it is laid around."""
    if rings == 0 or not strength.any():
        return strength
    from scipy import ndimage

    side = 2 * rings + 1
    return np.asarray(ndimage.grey_dilation(strength, size=(side, side)), dtype=np.float32)


def smooth(scores: Scores, inside: Mask, sigma: float) -> Scores:
    """Blur a map inside the picture only (normalised convolution), NaN elsewhere."""
    filled = np.where(inside, scores, 0.0).astype(np.float32)
    if sigma > 0:
        from scipy import ndimage

        share = ndimage.gaussian_filter(inside.astype(np.float32), sigma, mode="constant")
        filled = ndimage.gaussian_filter(filled, sigma, mode="constant") / np.maximum(share, 1e-6)
    return np.where(inside, filled, np.nan).astype(np.float32)


def cells_in_half(grid: tuple[int, ...], half: Half, placement: Placement) -> Mask:
    """Mark the cells whose centre lies in that half of the picture; the midline itself is its left half's.

    The midline is the patient's where the picture is registered, and the middle of the picture elsewhere.
    """
    if half is Half.WHOLE:
        return np.ones(grid, dtype=np.bool_)
    if isinstance(placement, ThoraxPlacement) and placement.leftness.shape == grid:
        left = placement.leftness > 0
        return np.asarray(left if half is Half.RIGHT else ~left, dtype=np.bool_)
    centres = (np.arange(grid[1]) + 0.5) * placement.canvas / grid[1]
    right = centres > placement.left + placement.width / 2
    return np.broadcast_to(right if half is Half.RIGHT else ~right, (grid[0], grid[1])).copy()


def cells_on_side(grid: tuple[int, ...], side: Side, placement: Placement) -> Mask:
    """Mark the cells where what is on that side of the patient may be (sides.py, clause 8)."""
    return cells_in_half(grid, image_half(side), placement)


def keep_hills(strength: Strength, side: Side, placement: Placement) -> Strength:
    """Keep the largest 8-connected piece at 0.5 with its slopes; the largest of each half where bilateral.

    A hill that does not hang together with it at 0.5 is worn down to the saddle between them (grey-scale
    reconstruction, L. Vincent, IEEE Trans. Image Process. 2, 1993): nothing is cut off, so no edge is made.
    Where all cells are 0 or 1, that leaves the largest piece and nothing else.
    """
    hills = []
    for half in mask_halves(side):  # sides.py, clause 9
        ground = np.where(cells_in_half(strength.shape, half, placement), strength, 0)
        hills.append(_rebuilt(np.where(_largest(ground >= 0.5), ground, 0), ground))
    return np.asarray(np.maximum.reduce(hills), dtype=np.float32)


def grow(scores: Scores, usable: Mask, start: int, most: int) -> npt.NDArray[np.intp]:
    """Return flat indices of at most `most` usable cells in the order in which a region grows from `start`.

    Each is the highest of those beside the region (8-connected; ties by reading order), so that the cells before the
    first one below a threshold are all that hang together with the start above it (seeded region growing, R. Adams and
    L. Bischof, IEEE Trans. Pattern Anal. Mach. Intell. 16, 1994, with height as the measure).
    """
    width = scores.shape[1] + 2  # a frame of unusable cells, so that no cell is beside one of the next row
    heights = np.pad(np.where(usable, scores, -np.inf), 1, constant_values=-np.inf).ravel()
    # Plain numbers: one by one they are compared ten times as fast as those of an array.
    depths, free = (-heights).tolist(), bytearray(np.isfinite(heights))
    beside = [row * width + column for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]
    first = (start // scores.shape[1] + 1) * width + start % scores.shape[1] + 1
    waiting, grown = [(depths[first], first)], list[int]()
    free[first] = False
    while waiting and len(grown) < most:
        cell = heappop(waiting)[1]
        grown.append(cell)
        for step in beside:
            if free[cell + step]:
                free[cell + step] = False
                heappush(waiting, (depths[cell + step], cell + step))
    rows, columns = np.divmod(np.array(grown, dtype=np.intp), width)
    return np.asarray((rows - 1) * scores.shape[1] + columns - 1)


def _largest(mask: Mask) -> Mask:
    from scipy import ndimage

    labelled, count = ndimage.label(mask, structure=_EIGHT)
    if count == 0:
        return mask
    sizes = np.bincount(labelled.ravel())[1:]
    return np.asarray(labelled == 1 + int(np.argmax(sizes)), dtype=np.bool_)


def _rebuilt(seed: Strength, ground: Strength) -> Strength:
    """Let `seed` grow under `ground`, cell by cell, until nothing changes."""
    while True:
        grown = np.minimum(widen(seed, 1), ground)
        if np.array_equal(grown, seed):
            return grown
        seed = grown


def agrees_with_side(mask: Mask, scores: Scores, side: Side, placement: Placement) -> bool:
    """Say whether the mask's peak and at least half of its cells lie on the stated side of the patient.

    Where it has pieces of its own in both halves, whether there is one in each (sides.py, clauses 8 and 9).
    """
    halves = mask_halves(side)
    if len(halves) > 1:
        return all(bool((mask & cells_in_half(mask.shape, half, placement)).any()) for half in halves)
    stated = cells_on_side(mask.shape, side, placement)
    peak = np.unravel_index(int(np.argmax(np.where(mask, scores, -np.inf))), mask.shape)
    return bool(stated[peak] and (mask & stated).sum() * 2 >= mask.sum())


def top_cells(scores: Scores, usable: Mask, fraction: float) -> Mask:
    """Mark the `fraction` of usable cells that score highest; ties go to the first in reading order."""
    return highest_cells(scores, usable, round(fraction * int(usable.sum())))


def highest_cells(values: Scores | npt.NDArray[np.float64], usable: Mask, count: int) -> Mask:
    """Mark the `count` highest usable cells; ties go to the first in reading order."""
    chosen = np.zeros(values.size, dtype=np.bool_)
    order = np.argsort(np.where(usable, -values, np.inf), axis=None, kind="stable")
    chosen[order[:count]] = True
    return chosen.reshape(values.shape) & usable
