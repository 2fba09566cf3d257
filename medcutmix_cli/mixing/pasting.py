"""Paste a cut: a pure function of the record and two canvases. Draws nothing and knows no map."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.mixing.shifts import shift_array, shift_placement
from medcutmix_cli.mixing.views import Pasteable, Pixels, View
from medcutmix_cli.records import Cut, Placement


def upsample(grid: npt.NDArray[np.float32], side: int, interpolation: str) -> npt.NDArray[np.float32]:
    """Bring a (grid_h, grid_w) grid to (side, side) float32; cell centres keep their place."""
    method = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST_EXACT}[interpolation]
    return np.asarray(cv2.resize(grid, (side, side), interpolation=method), dtype=np.float32)


def picture_box(placement: Placement) -> tuple[slice, slice]:
    """Return (rows, columns) of the canvas that hold picture; a picture moved over the edge is cut there."""
    at, side = placement, placement.canvas
    rows = slice(max(0, at.top), max(0, min(side, at.top + at.height)))
    return rows, slice(max(0, at.left), max(0, min(side, at.left + at.width)))


def in_picture(placement: Placement) -> npt.NDArray[np.bool_]:
    """Mark the pixels that hold picture, (canvas, canvas) bool."""
    inside = np.zeros((placement.canvas, placement.canvas), dtype=np.bool_)
    inside[picture_box(placement)] = True
    return inside


def pixel_weights(cut: Cut, recipient: Placement, donor: Placement) -> npt.NDArray[np.float32]:
    """Return the donor's share of every pixel, (canvas, canvas) float32; 0 where a parent has no picture."""
    weights = upsample(cut.weights.astype(np.float32), recipient.canvas, cut.interpolation)
    given = shift_placement(donor, cut.shift_y, cut.shift_x)
    weights[~(in_picture(recipient) & in_picture(given))] = 0.0
    return weights


def paste(cut: Cut, recipient: View | Pasteable, donor: View | Pasteable) -> Pixels:
    """Mix two canvases: `x = (1 - W) * x_A + W * (gain * x_B + offset)`, rounded half to even.

    x_B is the donor, moved by the cut's shift.

    Returns:
        (canvas, canvas) uint8; where W is 0 the pixels are the recipient's own.
    """
    weights = pixel_weights(cut, recipient.placement, donor.placement)
    pixels = shift_array(donor.pixels, cut.shift_y, cut.shift_x)
    given = pixels.astype(np.float32) * np.float32(cut.gain) + np.float32(cut.offset)
    np.clip(given, 0.0, 255.0, out=given)
    own = recipient.pixels.astype(np.float32)
    return np.asarray(np.rint(own + weights * (given - own)), dtype=np.uint8)
