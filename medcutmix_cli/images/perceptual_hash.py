"""A picture as 192 bits that a copy of it shares: saved anew, rescaled, brighter or darker, trimmed by a few pixels.

The signs of its lower frequencies (the perceptual hash of C. Zauner, 2010, without its median). Difference hashes do
not tell chests apart: neighbouring cells of all chests differ alike (figures in docs/own-data.md). A mirrored or an
inverted picture is another one; registration refuses it by a name of its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.images.canvas import Canvas, read_canvas
from medcutmix_cli.records import PictureRules

CANVAS = 128
"""Side of the canvas that is hashed, pixels: a large JPEG is decoded at an eighth of its size."""

NEAR = 24
"""Bits in which near-duplicates differ at most; how it was chosen is in docs/own-data.md."""

BITS = 192

_SIDE = 64  # of the cells
_LOWEST = (
    3  # sum of a frequency's numbers: what lies below is the exposure, and the shape that all chests have
)
_FLAT = 1.0  # grey levels, orthonormal: no sign is read in what only rounding makes

Hash = npt.NDArray[np.uint8]
"""(24,) uint8: 192 bits."""


def hash_picture(path: Path, rules: PictureRules) -> Hash:
    """Read a picture, and return its hash.

    Raises:
        ImageError: As `read_canvas` does.
        DatasetError: Its storage fails.
    """
    return perceptual_hash(read_canvas(path, CANVAS, rules))


def perceptual_hash(canvas: Canvas) -> Hash:
    """Return the hash of what a canvas holds of its picture; bars beside it count for nothing."""
    top, left, bottom, right = canvas.box
    picture = canvas.pixels[top:bottom, left:right].astype(np.float32)
    cells = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    rows, columns = _frequencies()
    waves = _waves()
    spectrum = waves @ cells.astype(np.float64) @ waves.T
    return np.packbits(spectrum[rows, columns] > _FLAT)


@cache
def _frequencies() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return (row, column) of the frequencies whose signs are the bits, the lowest first."""
    numbers = range(_SIDE)
    ordered = sorted((i + j, i, j) for i in numbers for j in numbers if i + j >= _LOWEST)[:BITS]
    _, rows, columns = np.array(ordered, dtype=np.intp).T
    return rows, columns


@cache
def _waves() -> npt.NDArray[np.float64]:
    """Return the orthonormal DCT-II as a matrix, (frequencies, cells): those that are asked for."""
    most = max(int(numbers.max()) for numbers in _frequencies()) + 1
    frequency, cell = np.arange(most)[:, None], np.arange(_SIDE)
    waves = np.cos(np.pi * frequency * (2 * cell + 1) / (2 * _SIDE)) * np.sqrt(2 / _SIDE)
    waves[0] /= np.sqrt(2)
    return np.asarray(waves, np.float64)
