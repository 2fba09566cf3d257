"""Find what is no part of the patient: burnt-in letters, and lines (leads, tubes, electrodes, drawn arrows).

A small, thin, bright thing in the outer band counts as a letter ("R", "L", "PORTABLE"): it stays with its picture. What
is as thin and as bright anywhere counts as a line: a donor's does not come, whether its report names it or not. Some
that are neither count as well (electrodes, edges of a can), which costs a few cells; what is grey is looked for in
lungs (`leads`). Knows no map.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Mask
from medcutmix_cli.mixing.grey_levels import level_quantiles
from medcutmix_cli.mixing.movement import IN_ITS_PLACE, Movement, picture_box
from medcutmix_cli.mixing.shifts import IN_PLACE, shift_array
from medcutmix_cli.records import Placement

Pixels = npt.NDArray[np.uint8]

LEAST_CANVAS = 224
"""On a smaller canvas a letter is too few pixels to be told from noise."""

_STROKE = 0.02  # widest stroke of a letter (likewise the next: shares of the canvas' side)
_LETTERS = 0.20, 0.12  # greatest width and height of a letter, or of letters that touch
_CONTRAST = 64  # grey levels above its surroundings
_BRIGHT = 0.8  # of the picture's brightest half per cent
_BAND = 0.25, 0.15  # how far in from left and right, from top and bottom: share of the picture
_SOFT_EDGE = 0.007  # how far a letter is seen beyond what stands out, share of the canvas' side
_DOTS = 8 / 448**2  # least area, share of the canvas
_PARTS, _TOUCHED = 4, 0.1  # along a cell, where a line is brought; share of a part from which it counts
_LINE_FILL = 0.12  # of a square of a stroke's width and a half that it fills: less is a speck


@dataclass(frozen=True, slots=True, eq=False)
class Markers:
    """What of a picture is no part of the patient; (canvas, canvas) bool each, not to be written to.

    Attributes:
        letters: Burnt-in letters at its edge.
        lines: What stands out as letters do, wherever it is and however long.
    """

    letters: npt.NDArray[np.bool_]
    lines: npt.NDArray[np.bool_]


def find_markers(pixels: Pixels, placement: Placement) -> Markers:
    """Mark the letters and lines of a picture; none on a canvas that is too small."""
    letters, lines = (np.zeros(pixels.shape, dtype=np.bool_) for _ in range(2))
    side = pixels.shape[0]
    if side >= LEAST_CANVAS:
        box = picture_box(placement)
        picture, stroke = np.ascontiguousarray(pixels[box]), max(3, round(_STROKE * side) | 1)
        thin = _stands_out(picture, stroke)
        letters[box], lines[box] = _letters(thin, side), _lines(thin, stroke)
    return Markers(letters, lines)


def _letters(thin: npt.NDArray[np.bool_], side: int) -> npt.NDArray[np.bool_]:
    count, labels, stats, centres = cv2.connectedComponentsWithStats(thin.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, dtype=np.bool_)
    for piece in range(1, count):
        _, _, width, height, area = stats[piece]
        small = width <= _LETTERS[0] * side and height <= _LETTERS[1] * side and area >= _DOTS * side**2
        kept[piece] = small and _in_band(centres[piece], thin.shape)
    return np.asarray(kept[labels], dtype=np.bool_)


def _lines(thin: npt.NDArray[np.bool_], stroke: int) -> npt.NDArray[np.bool_]:
    """Leave out specks."""
    if not thin.any():
        return thin
    around = 3 * stroke // 2 | 1
    filled = cv2.boxFilter(
        thin.astype(np.uint8), cv2.CV_32F, (around, around), borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(thin & (filled >= _LINE_FILL), dtype=np.bool_)


def _stands_out(picture: Pixels, stroke: int) -> npt.NDArray[np.bool_]:
    """Return what is bright and thinner than `stroke` (top-hat by opening)."""
    hat = cv2.morphologyEx(picture, cv2.MORPH_TOPHAT, np.ones((stroke, stroke), np.uint8))
    (bright,) = level_quantiles(picture, (0.995,))
    return np.asarray((hat > _CONTRAST) & (picture >= _BRIGHT * bright))


def _in_band(centre: npt.NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    height, width = shape
    x, y = float(centre[0]), float(centre[1])
    return min(x, width - x) < _BAND[0] * width or min(y, height - y) < _BAND[1] * height


def marker_cells(
    letters: npt.NDArray[np.bool_], grid: tuple[int, ...], movement: Movement = IN_ITS_PLACE
) -> Mask:
    """Mark the cells whose weight can reach a letter, (grid_h, grid_w) bool.

    A weight that is brought to pixels bilinearly reaches half a cell beyond its own, and a letter has a soft edge that
    is too dark to be found.

    Args:
        letters: See `Markers`.
        grid: Of the weights.
        movement: How the picture is brought to the grid's frame.
    """
    found = movement.move_marks(letters) if letters.any() else letters
    if not found.any():
        return np.zeros(grid, dtype=np.bool_)
    edge = 2 * round(_SOFT_EDGE * found.shape[0])
    reach = [(round(length / cells) + edge) | 1 for length, cells in zip(found.shape, grid, strict=True)]
    wide = cv2.dilate(found.astype(np.uint8), np.ones(reach, np.uint8))
    rows, columns = ((np.arange(n) * found.shape[0] // n) for n in grid)
    cells = np.maximum.reduceat(np.maximum.reduceat(wide, rows, axis=0), columns, axis=1)
    return np.asarray(cells > 0, dtype=np.bool_)


def line_cells(lines: npt.NDArray[np.bool_], grid: tuple[int, ...], movement: Movement) -> Mask:
    """Mark the cells that a line of the donor lies in, (grid_h, grid_w) bool.

    No more than these, unlike a letter's: lines cross lungs, and little would be left to paste beside them. At half a
    cell from those that are pasted a line has lost half of its weight, and with it what it stood out by.
    """
    if not lines.any():
        return np.zeros(grid, dtype=np.bool_)
    height, width = grid
    size = (width * _PARTS, height * _PARTS)
    shares = cv2.resize(lines.astype(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    unshifted = replace(movement, shift=IN_PLACE, down=0, right=0)
    brought = unshifted.move_values((shares > 0).astype(np.float32)) > _TOUCHED
    cells = brought.reshape(height, _PARTS, width, _PARTS).any(axis=(1, 3))
    return shift_array(cells, movement.shift.rows, movement.shift.columns)
