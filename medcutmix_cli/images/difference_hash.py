"""A picture as 256 bits that a copy of it shares: saved anew, rescaled, brighter or darker, trimmed by a few pixels.

A difference hash (dHash, N. Krawetz 2013): whether each cell of a small grey picture is brighter than its neighbour.
A mirrored or an inverted picture is another one, to registration as well: it says by name what it is (`mirrored`,
`inverted`).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.images.canvas import Canvas, read_canvas

CANVAS = 128
"""Side of the canvas that is hashed, pixels: decoders bring a JPEG there at an eighth of its size."""

SIDE = 16
"""Rows of cells, and comparisons in each: SIDE * SIDE bits."""

NEAR = 16
"""Bits in which near-duplicates differ at most; how it was chosen is in docs/own-data.md."""

Hash = npt.NDArray[np.uint8]
"""(32,) uint8, 256 bits."""


def hash_picture(path: Path, dicom_mode: str) -> Hash:
    """Read a picture, and return its hash.

    Raises:
        ImageError: As `read_canvas` does.
        DatasetError: Its storage fails.
    """
    return difference_hash(read_canvas(path, CANVAS, dicom_mode))


def difference_hash(canvas: Canvas) -> Hash:
    """Return the hash of what a canvas holds of its picture; bars beside it count for nothing."""
    top, left, bottom, right = canvas.box
    picture = canvas.pixels[top:bottom, left:right].astype(np.float32)
    cells = cv2.resize(picture, (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA)
    return np.packbits(cells[:, 1:] > cells[:, :-1])
