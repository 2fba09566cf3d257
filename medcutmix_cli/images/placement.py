"""Letterbox geometry, both ways. Knows sizes and coordinates, never pixels."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Placement

Coordinate = TypeVar("Coordinate", float, npt.NDArray[np.float64])


def letterbox(height: int, width: int, canvas: int) -> Placement:
    """Place a picture of `height` x `width` pixels in the middle of a square canvas, aspect kept.

    Args:
        height: Rows of the original, >= 1.
        width: Columns of the original, >= 1.
        canvas: Side of the canvas in pixels, >= 1.
    """
    scale = canvas / max(height, width)
    rows = max(1, min(canvas, round(height * scale)))
    columns = max(1, min(canvas, round(width * scale)))
    return Placement(
        source_height=height,
        source_width=width,
        canvas=canvas,
        top=(canvas - rows) // 2,
        left=(canvas - columns) // 2,
        height=rows,
        width=columns,
    )


def to_canvas(placement: Placement, x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    """Return the canvas point of an original point; pixel centres are whole numbers, x right, y down."""
    return (
        (x + 0.5) * placement.scale_x - 0.5 + placement.left,
        (y + 0.5) * placement.scale_y - 0.5 + placement.top,
    )


def to_original(placement: Placement, x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    """Return the original point of a canvas point, the inverse of `to_canvas`."""
    return (
        (x - placement.left + 0.5) / placement.scale_x - 0.5,
        (y - placement.top + 0.5) / placement.scale_y - 0.5,
    )
