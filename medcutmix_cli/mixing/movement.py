"""How the donor comes to the recipient: warped onto its thorax, then moved by whole cells. For pixels and grids alike.

A donor that is neither warped nor moved is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Mask, Scores, cells_inside
from medcutmix_cli.mixing.shifts import IN_PLACE, Shift, cells_of, shift_array, shift_placement
from medcutmix_cli.records import Cut, Placement, Warp
from medcutmix_cli.registration.warps import EVERYWHERE, Box, pixel_places, sample, warp_places

Element = TypeVar("Element", bound=np.generic)
Values = npt.NDArray[np.float32]

__all__ = ["EVERYWHERE", "IN_ITS_PLACE", "Box", "Movement", "in_picture", "movement_of", "picture_box"]

_SAMPLES = 4  # along a cell, where it is asked how much of it holds picture
_COARSE = 4  # pixels: marks are moved in blocks of that, each of which counts where any of its pixels does
_NOWHERE = -1e4  # pixels: a place that no canvas has


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """How a donor is brought to its recipient.

    Attributes:
        warp: Onto the recipient's thorax; None where the donor stays as it lies.
        shift: By how many cells it is moved after that.
        down, right: The same in whole canvas pixels.
    """

    warp: Warp | None = None
    shift: Shift = IN_PLACE
    down: int = 0
    right: int = 0

    def with_shift(self, shift: Shift, canvas: int, grid: tuple[int, ...]) -> Movement:
        """Return the same, then moved by whole cells of a grid over the canvas."""
        down, right = shift.pixels(canvas, grid)
        return replace(self, shift=shift, down=down, right=right)

    def move_mask(self, mask: Mask) -> Mask:
        """Return a (grid_h, grid_w) mask of the donor in the recipient's frame: cells of which half belongs to it."""
        if self.warp is None:
            return shift_array(mask, self.shift.rows, self.shift.columns)
        return np.asarray(self.move_values(mask.astype(np.float32)) >= 0.5, dtype=np.bool_)

    def move_values(self, values: Values) -> Values:
        """Return (grid_h, grid_w[, d]) values of the donor in the recipient's frame, 0 where it has none."""
        if self.warp is None:
            return self._shift_cells(values)
        places = warp_places(self.warp, values.shape[0], values.shape[1])
        there = ((places >= 0) & (places <= 1)).all(axis=-1)
        there = there if values.ndim == 2 else there[..., None]
        return self._shift_cells(np.where(there, sample(values, places), np.float32(0)))

    def move_energy(self, energy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return an energy of the donor in the recipient's frame, (grid_h, grid_w) float64; what leaves is lost.

        A cell of the recipient counts as many of the donor's as it covers (the warp's Jacobian), so that stretching
        a map adds nothing to what it holds in all.
        """
        if self.warp is None:
            return self._shift_cells(energy)
        covered = self._shift_cells(_cells_covered(warp_places(self.warp, energy.shape[0], energy.shape[1])))
        return self.move_values(energy.astype(np.float32)).astype(np.float64) * covered

    def move_scores(self, scores: Scores) -> Scores:
        """Return a raw map of the donor in the recipient's frame, NaN where it has no score."""
        if self.warp is None:
            return shift_array(scores, self.shift.rows, self.shift.columns, fill=np.nan)
        known = np.isfinite(scores)
        weight = self.move_values(known.astype(np.float32))
        values = self.move_values(np.where(known, scores, 0).astype(np.float32))
        moved = np.where(weight >= 0.5, values / np.maximum(weight, np.float32(0.5)), np.nan)
        return np.asarray(moved, dtype=np.float32)

    def move_pixels(self, pixels: npt.NDArray[np.uint8], box: Box = EVERYWHERE) -> npt.NDArray[np.uint8]:
        """Return the donor's (canvas, canvas) uint8 picture in the recipient's frame, 0 where it has none.

        Args:
            pixels: The donor's canvas.
            box: The part of the recipient's canvas that is wanted.
        """
        if self.warp is None:
            return shift_array(pixels, self.down, self.right)[box]
        x, y = self._places_of(pixels.shape[0], box)
        # Eight taps (Lanczos): a softer patch would be found at once by whoever looks for pastes.
        moved = cv2.remap(pixels, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(moved, dtype=np.uint8)

    def sample_pixels(self, pixels: npt.NDArray[np.uint8], box: Box) -> npt.NDArray[np.uint8]:
        """Return the same by the nearest pixels: mean and spread are those of the picture, and it costs a tenth."""
        if self.warp is None:
            return shift_array(pixels, self.down, self.right)[box]
        moved = cv2.remap(pixels, *self._places_of(pixels.shape[0], box), cv2.INTER_NEAREST)
        return np.asarray(moved, dtype=np.uint8)

    def move_marks(self, marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return (canvas, canvas) marks of the donor in the recipient's frame: all that one reaches, or nearly."""
        if self.warp is None:
            return shift_array(marks, self.down, self.right)
        blocks = _block_maxima(marks, _COARSE)
        x, y = self._unshifted_places(blocks.shape[0], EVERYWHERE)
        reached = cv2.remap(blocks, x, y, cv2.INTER_LINEAR) > 0
        wide = reached.repeat(_COARSE, axis=0).repeat(_COARSE, axis=1)
        return shift_array(wide[: marks.shape[0], : marks.shape[1]], self.down, self.right)

    def move_labels(self, labels: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return a (canvas, canvas) mask of the donor in the recipient's frame: what the nearest of its pixels says."""
        if self.warp is None:
            return shift_array(labels, self.down, self.right)
        x, y = self._places_of(labels.shape[0], EVERYWHERE)
        return np.asarray(cv2.remap(labels.astype(np.uint8), x, y, cv2.INTER_NEAREST) > 0, dtype=np.bool_)

    def inside(self, placement: Placement, box: Box = EVERYWHERE) -> npt.NDArray[np.bool_]:
        """Mark the pixels of (a part of) the recipient's canvas where the donor has picture."""
        if self.warp is None:
            return in_picture(shift_placement(placement, self.down, self.right))[box]
        x, y = self._places_of(placement.canvas, box)
        rows, columns = picture_box(placement)
        across = (x >= columns.start) & (x <= columns.stop - 1)
        return np.asarray(across & (y >= rows.start) & (y <= rows.stop - 1), dtype=np.bool_)

    def inside_cells(self, placement: Placement, grid: tuple[int, ...]) -> Mask:
        """Mark the cells of the recipient's grid at least half of whose area holds picture of the donor."""
        if self.warp is None:
            return cells_inside(shift_placement(placement, self.down, self.right), grid)
        places = warp_places(self.warp, grid[0] * _SAMPLES, grid[1] * _SAMPLES) * np.float32(placement.canvas)
        inside = _within(places, placement).astype(np.float32)
        share = cv2.resize(inside, (grid[1], grid[0]), interpolation=cv2.INTER_AREA)
        return self._shift_cells(np.asarray(share >= 0.5, dtype=np.bool_))

    def _shift_cells(self, values: npt.NDArray[Element]) -> npt.NDArray[Element]:
        return shift_array(values, self.shift.rows, self.shift.columns)

    def _places_of(self, canvas: int, box: Box) -> tuple[Values, Values]:
        """Return the donor's (x, y), pixels, for the pixels of a box of the recipient's canvas."""
        if not (self.down or self.right):
            return self._unshifted_places(canvas, box)
        everywhere = self._unshifted_places(canvas, EVERYWHERE)
        x, y = (shift_array(axis, self.down, self.right, fill=_NOWHERE)[box] for axis in everywhere)
        return np.ascontiguousarray(x), np.ascontiguousarray(y)

    def _unshifted_places(self, side: int, box: Box) -> tuple[Values, Values]:
        """Return the donor's (x, y), pixels of a canvas of that side, before it is moved by whole cells."""
        if self.warp is None:
            raise ValueError("without a warp there is nothing to look up")
        return pixel_places(self.warp, side, box)


IN_ITS_PLACE = Movement()


def movement_of(cut: Cut, canvas: int) -> Movement:
    """Return how a stored cut brings its donor."""
    shift = cells_of(cut.shift_y, cut.shift_x, canvas, cut.weights.shape)
    return Movement(cut.warp, shift, cut.shift_y, cut.shift_x)


def picture_box(placement: Placement) -> Box:
    """Return (rows, columns) of the canvas that hold picture; a picture moved over the edge is cut there."""
    at, side = placement, placement.canvas
    rows = slice(max(0, at.top), max(0, min(side, at.top + at.height)))
    return rows, slice(max(0, at.left), max(0, min(side, at.left + at.width)))


def in_picture(placement: Placement) -> npt.NDArray[np.bool_]:
    """Mark the pixels that hold picture, (canvas, canvas) bool."""
    inside = np.zeros((placement.canvas, placement.canvas), dtype=np.bool_)
    inside[picture_box(placement)] = True
    return inside


def _within(places: Values, placement: Placement) -> npt.NDArray[np.bool_]:
    """Say which places, canvas pixels from its corner, lie in a picture."""
    x, y = places[..., 0], places[..., 1]
    across = (x >= placement.left) & (x < placement.left + placement.width)
    return np.asarray(across & (y >= placement.top) & (y < placement.top + placement.height), dtype=np.bool_)


def _block_maxima(marks: npt.NDArray[np.bool_], size: int) -> Values:
    """Return 1 for each block of pixels that holds a mark, float32."""
    rows, columns = (np.arange(0, length, size) for length in marks.shape)
    found = np.logical_or.reduceat(np.logical_or.reduceat(marks, rows, axis=0), columns, axis=1)
    return found.astype(np.float32)


def _cells_covered(places: Values) -> npt.NDArray[np.float64]:
    """Return how many cells of the donor each cell of the recipient covers, from the places of their centres."""
    height, width = places.shape[:2]
    cells = places.astype(np.float64) * np.array([width, height])
    down, across = np.gradient(cells, axis=0), np.gradient(cells, axis=1)
    covered = np.abs(across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0])
    return np.asarray(covered, dtype=np.float64)
