"""How an encoder looks at a canvas, and the way back: a map in its own grid to the grid of the canvas.

Every look returns the window it saw, so that a map lands on the right pixels whatever was resized or cropped.
Frames: canvas fractions, (0, 0) the top left corner of the canvas and (1, 1) its bottom right one, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import cells_inside
from medcutmix_cli.encoders.base import Attention, Picture
from medcutmix_cli.records import Placement

if TYPE_CHECKING:
    from PIL.Image import Resampling

Pixels = npt.NDArray[np.uint8]

FITS = ("published", "letterbox")
"""How a picture is brought to the network: as its authors do, or as the whole letterboxed canvas."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the canvas that a network saw, in canvas fractions."""

    top: float
    left: float
    height: float
    width: float


WHOLE_CANVAS = Window(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class FieldOfView:
    """What goes into a network.

    Attributes:
        pixels: (height, width) uint8.
        window: The part of the canvas it shows.
        placement: Of the picture on the canvas it was taken from.
    """

    pixels: Pixels
    window: Window
    placement: Placement


def see_canvas(picture: Picture, side: int, resampling: Resampling | None = None) -> FieldOfView:
    """Show the whole canvas, letterbox bars included: nothing is cut off and no aspect changes."""
    return FieldOfView(_resized(picture.pixels, side, side, resampling), WHOLE_CANVAS, picture.placement)


def see_squashed(picture: Picture, side: int, resampling: Resampling | None = None) -> FieldOfView:
    """Show the picture proper, squashed to a square as SigLIP's processor does."""
    pixels = _resized(_proper(picture), side, side, resampling)
    return FieldOfView(pixels, _window(picture.placement, 0.0, 0.0, 1.0, 1.0), picture.placement)


def see_centre(
    picture: Picture,
    edge: int,
    crop: int,
    resampling: Resampling | None = None,
    *,
    round_down: bool = False,
) -> FieldOfView:
    """Show the centre: the shorter edge is brought to `edge` pixels, then `crop` x `crop` are cut out.

    Rounds as torchvision's Resize and CenterCrop do. `round_down` is what transformers' CLIP processor does with
    half a pixel of offset, where torchvision goes to the even one. `crop` <= `edge`.
    """
    proper = _proper(picture)
    height, width = proper.shape
    # The longer edge is truncated, not rounded, in both libraries.
    tall = edge if height <= width else int(edge * height / width)
    wide = edge if width <= height else int(edge * width / height)
    resized = _resized(proper, tall, wide, resampling)
    over = (tall - crop, wide - crop)
    top, left = (rest // 2 if round_down else round(rest / 2) for rest in over)
    pixels = np.ascontiguousarray(resized[top : top + crop, left : left + crop])
    window = _window(picture.placement, top / tall, left / wide, crop / tall, crop / wide)
    return FieldOfView(pixels, window, picture.placement)


def _proper(picture: Picture) -> Pixels:
    at = picture.placement
    return picture.pixels[at.top : at.top + at.height, at.left : at.left + at.width]


def _resized(pixels: Pixels, height: int, width: int, resampling: Resampling | None) -> Pixels:
    """Resize, bicubic unless another filter is named."""
    from PIL import Image

    chosen = Image.Resampling.BICUBIC if resampling is None else resampling
    return np.asarray(Image.fromarray(pixels).resize((width, height), chosen), dtype=np.uint8)


def _window(placement: Placement, top: float, left: float, height: float, width: float) -> Window:
    """Turn fractions of the picture proper into fractions of the canvas."""
    return Window(
        top=(placement.top + top * placement.height) / placement.canvas,
        left=(placement.left + left * placement.width) / placement.canvas,
        height=height * placement.height / placement.canvas,
        width=width * placement.width / placement.canvas,
    )


def canvas_grid(native: int, fit: str) -> int:
    """Return the side of the canvas grid that holds a map of `native` x `native` cells.

    A letterboxed look needs no resampling. A crop is a part of the canvas: coarse grids are doubled, so that
    resampling them to cells of the canvas loses no peak.
    """
    return native if fit == "letterbox" or native > 16 else 2 * native


def picture_window(placement: Placement) -> Window:
    """Return the window that is exactly the picture proper."""
    return _window(placement, 0.0, 0.0, 1.0, 1.0)


def to_canvas(
    scores: npt.NDArray[Any], window: Window, placement: Placement, grid: tuple[int, int]
) -> Attention:
    """Bring a map over a window to the grid of the canvas: bilinear between the centres of the native cells.

    Args:
        scores: (h, w) native map, row 0 at the top of the window; NaN spreads to what is next to it.
        window: What the map covers.
        placement: Of the picture on its canvas.
        grid: (grid_h, grid_w) of the canvas.

    Returns:
        A map with NaN where a cell's centre is outside the window, or less than half of the cell is picture.
    """
    if window == WHOLE_CANVAS and scores.shape == grid:  # its own cells already
        return Attention(np.where(cells_inside(placement, grid), scores, np.nan).astype(np.float16))
    rows, inside_rows = _sample_points(scores.shape[0], grid[0], window.top, window.height)
    columns, inside_columns = _sample_points(scores.shape[1], grid[1], window.left, window.width)
    values = _bilinear(_bilinear(np.asarray(scores, np.float64), rows).T, columns).T
    inside = np.outer(inside_rows, inside_columns) & cells_inside(placement, grid)
    return Attention(np.where(inside, values, np.nan).astype(np.float16))


def features_to_canvas(
    vectors: npt.NDArray[Any], window: Window, placement: Placement, grid: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Bring one vector a native cell to the grid of the canvas, as `to_canvas` brings scores.

    Args:
        vectors: (side * side, d) of a square native grid, row by row from the top of the window.
        window: What the native grid covers.
        placement: Of the picture on its canvas.
        grid: (grid_h, grid_w) of the canvas.

    Returns:
        (grid_h, grid_w, d) float32, 0 outside the window or the picture.
    """
    side = round(len(vectors) ** 0.5)
    native = np.asarray(vectors, np.float64).reshape(side, side, -1)
    rows, inside_rows = _sample_points(side, grid[0], window.top, window.height)
    columns, inside_columns = _sample_points(side, grid[1], window.left, window.width)
    across = _bilinear(_bilinear(native, rows).swapaxes(0, 1), columns).swapaxes(0, 1)
    inside = np.outer(inside_rows, inside_columns) & cells_inside(placement, grid)
    return np.where(inside[..., None], across, 0.0).astype(np.float32)


def _sample_points(
    native: int, cells: int, start: float, length: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return where the centres of the canvas cells lie among the native cells, and which are inside."""
    within = ((np.arange(cells) + 0.5) / cells - start) / length
    inside = (within >= 0) & (within <= 1)
    # Rounded, or the centre of a cell would be 12.999999999999998 in a map of 13 or 37 and ask its neighbour.
    return np.clip(np.round(within * native - 0.5, 9), 0, native - 1), inside


def _bilinear(values: npt.NDArray[np.float64], at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Interpolate along the first axis."""
    low = np.minimum(np.floor(at).astype(np.int64), len(values) - 1)
    high = np.minimum(low + 1, len(values) - 1)
    share = (at - low).reshape(-1, *([1] * (values.ndim - 1)))
    # A whole position takes its own cell only: 0 * NaN next door would be NaN.
    mixed = values[low] * (1 - share) + np.where(share > 0, values[high], 0.0) * share
    return np.asarray(mixed)
