"""Paste a cut: a pure function of the record and two canvases. Draws nothing and knows no map."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.mixing.movement import Box, in_picture, movement_of
from medcutmix_cli.mixing.views import Pasteable, Pixels, View
from medcutmix_cli.records import Cut, Placement

PixelWeights = npt.NDArray[np.float32]
"""The donor's share of every pixel, (canvas, canvas) in [0, 1]."""


def upsample(grid: npt.NDArray[np.float32], side: int, interpolation: str) -> npt.NDArray[np.float32]:
    """Bring a (grid_h, grid_w) grid to (side, side) float32; cell centres keep their place."""
    method = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST_EXACT}[interpolation]
    return np.asarray(cv2.resize(grid, (side, side), interpolation=method), dtype=np.float32)


def pixel_weights(cut: Cut, recipient: Placement, donor: Placement) -> PixelWeights:
    """Return the donor's share of every pixel, (canvas, canvas) float32; 0 where a parent has no picture."""
    weights = upsample(cut.weights.astype(np.float32), recipient.canvas, cut.interpolation)
    box = box_of(weights > 0)
    given = movement_of(cut, recipient.canvas).inside(donor, box)
    weights[box] = np.where(in_picture(recipient)[box] & given, weights[box], np.float32(0))
    return weights


def box_of(mask: npt.NDArray[np.bool_]) -> Box:
    """Return the smallest (rows, columns) that hold all of a mask; empty where it is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def paste(
    cut: Cut,
    recipient: View | Pasteable,
    donor: View | Pasteable,
    weights: PixelWeights | None = None,
) -> Pixels:
    """Mix two canvases: `x = (1 - W) * x_A + W * (gain * x_B + offset + tone)`, rounded half to even.

    x_B is the donor, warped onto the recipient's thorax and moved by the cut's shift.

    Args:
        cut: What was decided.
        recipient: Whose picture is changed.
        donor: Whose region comes.
        weights: The cut's `pixel_weights`, where they are known already.

    Returns:
        (canvas, canvas) uint8; where W is 0 the pixels are the recipient's own.
    """
    if weights is None:
        weights = pixel_weights(cut, recipient.placement, donor.placement)
    mixed, box = recipient.pixels.copy(), box_of(weights > 0)
    if not weights[box].size:
        return mixed
    pixels = movement_of(cut, weights.shape[0]).move_pixels(donor.pixels, box)
    given = pixels.astype(np.float32) * np.float32(cut.gain) + np.float32(cut.offset)
    if cut.tone is not None:
        given += upsample(cut.tone.astype(np.float32), weights.shape[0], "bilinear")[box]
    np.clip(given, 0.0, 255.0, out=given)
    own = recipient.pixels[box].astype(np.float32)
    mixed[box] = np.rint(own + weights[box] * (given - own))
    return mixed
