"""Grids and canvases as what a browser draws: a JPEG, a see-through heat layer, the outline of a mask."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from medcutmix_cli.images.picture_bytes import data_uri

JPEG_QUALITY = 88
HEAT_SIDE = 112
"""Side of a heat layer in pixels: smooth enough when a browser enlarges it, a few kB."""

THUMBNAIL_SIDE = 112
"""Of the pictures in the list of pairs: twice what is shown, for sharp screens."""

_STRONGEST_ALPHA = 165
_CLEAR = 0.3
"""Share of a map's range below which nothing is drawn: the noise floor would tint the whole picture."""

Stops = npt.NDArray[np.float32]
"""(count, 3) RGB in 0..255, weak to strong."""

_STOPS: Stops = np.array([(255, 214, 102), (255, 140, 26), (214, 40, 40)], np.float32)
"""Weak to strong: yellow, orange, red; red and green stay free for what leaves and enters the report."""

_DONOR = (56, 189, 248)
"""What comes from the donor: one hue, since a weight has one meaning at every strength."""


def jpeg_bytes(pixels: npt.NDArray[np.uint8], quality: int = JPEG_QUALITY) -> bytes:
    """Return a grey canvas, or (height, width, 3) RGB, as a JPEG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def thumbnail_bytes(encoded: bytes) -> bytes:
    """Return a stored picture small, as a JPEG of `THUMBNAIL_SIDE` pixels."""
    small = Image.open(io.BytesIO(encoded)).convert("L")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return jpeg_bytes(np.asarray(small, np.uint8), 70)


def heat_uri(scores: Sequence[float], grid: tuple[int, int]) -> str:
    """Return a map as a see-through picture, weak cells clear; cells outside the field of view are clear too."""
    return _png(heat_layer(np.array(scores, np.float32).reshape(grid)))


def heat_layer(
    scores: npt.NDArray[np.float32], side: int = HEAT_SIDE, stops: Stops = _STOPS
) -> npt.NDArray[np.uint8]:
    """Draw a map, (grid_h, grid_w) with NaN outside the field of view, as (side, side, 4) RGBA; see `heat_uri`."""
    known = np.isfinite(scores)
    low, high = (scores[known].min(), scores[known].max()) if known.any() else (0.0, 0.0)
    shares = np.where(known, (scores - low) / max(high - low, 1e-6), 0.0).astype(np.float32)
    return heat_colours(_smooth(shares, side), stops)


def heat_colours(shares: npt.NDArray[np.float32], stops: Stops = _STOPS) -> npt.NDArray[np.uint8]:
    """Colour shares of a map's range, (height, width), as (height, width, 4) RGBA: what a legend shows, too."""
    strength = np.clip(shares, 0.0, 1.0)
    position = strength[..., None] * (len(stops) - 1)
    step = np.minimum(position.astype(np.int32), len(stops) - 2)
    colour = stops[step[..., 0]] * (1 - (position - step)) + stops[step[..., 0] + 1] * (position - step)
    return _layer(colour, np.clip((strength - _CLEAR) / (1 - _CLEAR), 0.0, 1.0) * _STRONGEST_ALPHA)


def weights_uri(weights: Sequence[float], grid: tuple[int, int]) -> str:
    """Return the donor's weights as a see-through picture in one hue, clear where nothing is pasted."""
    strength = np.clip(_smooth(np.array(weights, np.float32).reshape(grid), HEAT_SIDE), 0.0, 1.0)
    colour = np.broadcast_to(np.array(_DONOR, np.float32), (*strength.shape, 3))
    return _png(_layer(colour, strength * _STRONGEST_ALPHA))


def outline_path(mask: Sequence[int], grid: tuple[int, int]) -> str:
    """Return the border of a mask as an SVG path in cells: one unit is one cell, y down."""
    edges = outline_edges(np.array(mask, bool).reshape(grid))
    return "".join(f"M{x} {y}{'h' if across else 'v'}1" for x, y, across in edges)


def cells_path(mask: Sequence[int], grid: tuple[int, int]) -> str:
    """Return the cells of a mask as an SVG path that can be filled, in cells."""
    rows, columns = np.nonzero(np.array(mask, bool).reshape(grid))
    return "".join(f"M{x} {y}h1v1h-1z" for y, x in zip(rows.tolist(), columns.tolist(), strict=True))


def outline_edges(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int, bool]]:
    """Return the cell edges between a mask and the rest: x, y of the start, and whether it goes right or down."""
    cells = np.pad(mask, 1)
    across = cells[1:, 1:-1] != cells[:-1, 1:-1]
    down = cells[1:-1, 1:] != cells[1:-1, :-1]
    return [(int(x), int(y), True) for y, x in np.argwhere(across)] + [
        (int(x), int(y), False) for y, x in np.argwhere(down)
    ]


def _smooth(grid: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    larger = cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(larger, np.float32)


def _layer(colour: npt.NDArray[Any], alpha: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return np.asarray(np.dstack([colour, alpha]).round().clip(0, 255), np.uint8)


def _png(layer: npt.NDArray[np.uint8]) -> str:
    stream = io.BytesIO()
    Image.fromarray(layer).quantize(64, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return data_uri(stream.getvalue())
