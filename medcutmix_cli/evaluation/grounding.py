"""Maps against boxes: pointing game, contrast-to-noise ratio and mean IoU, as published. Knows no file and no encoder.

Frame: pixels of the original picture, x right, y down; pixel i reaches from i to i + 1, its centre is i + 0.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import cells_inside
from medcutmix_cli.records import Placement

Values = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.bool_]

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Of mIoU (Boecking 2022, arXiv 2204.09817)."""

_TIE = 2e-6  # of the highest score: what float32 leaves of a flat map


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels of a picture, the last ones exclusive; never empty."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True, eq=False)
class FullMap:
    """A map at the size of the original picture.

    Attributes:
        values: (height, width) float32, a score for each pixel; 0 where `seen` is false.
        seen: (height, width) bool, the encoder's field of view.
    """

    values: Values
    seen: Pixels


def rectangle(x: float, y: float, width: float, height: float, placement: Placement) -> Rectangle | None:
    """Return the pixels whose centres lie in a box, cut at the edges of the picture; None where there is none."""
    rows = _centres(y, y + height, placement.source_height)
    columns = _centres(x, x + width, placement.source_width)
    if rows[0] >= rows[1] or columns[0] >= columns[1]:
        return None
    return Rectangle(rows[0], columns[0], rows[1], columns[1])


def _centres(start: float, end: float, size: int) -> tuple[int, int]:
    first, last = np.clip(np.ceil(np.array([start, end]) - 0.5), 0, size)
    return int(first), int(last)


def union(boxes: Iterable[Rectangle], placement: Placement) -> Pixels:
    """Mark the pixels of any of the boxes, (source_height, source_width) bool."""
    mask = np.zeros((placement.source_height, placement.source_width), np.bool_)
    for box in boxes:
        mask[box.top : box.bottom, box.left : box.right] = True
    return mask


def enlarge(scores: npt.NDArray[np.float32], placement: Placement) -> FullMap | None:
    """Bring a map over the canvas to the pixels of the original, bilinear between the centres of its cells.

    A pixel is in the field of view where the finite cells around it weigh at least half. Cells that are NaN only
    because they hold more letterbox bar than picture do not count: the nearest row or column inside speaks for
    them, so that a whole view covers the whole picture.

    Args:
        scores: (grid_h, grid_w) over the whole canvas; NaN outside the field of view.
        placement: Of the picture on the canvas.

    Returns:
        The map, or None where no cell of the picture has a score.
    """
    inside = cells_inside(placement, scores.shape)
    finite = np.isfinite(scores) & inside
    if not finite.any():
        return None
    rows = _weights(
        placement.top, placement.height, placement.source_height, placement.canvas, inside.any(axis=1)
    )
    columns = _weights(
        placement.left, placement.width, placement.source_width, placement.canvas, inside.any(axis=0)
    )
    values = _product(rows, np.where(finite, scores, 0.0), columns)
    if finite[inside].all():
        return FullMap(values, np.ones(values.shape, np.bool_))
    share = _product(rows, finite.astype(np.float32), columns)
    seen = share >= 0.5
    return FullMap(np.where(seen, values / np.maximum(share, 0.5), 0.0).astype(np.float32), seen)


def _weights(start: int, length: int, source: int, canvas: int, inside: Pixels) -> Values:
    """Return (source, cells) weights: each pixel's centre between the two nearest centres of inside cells."""
    cells = np.flatnonzero(inside)
    at = (start + (np.arange(source) + 0.5) * length / source) / canvas * len(inside) - 0.5
    at = np.clip(at, cells[0], cells[-1])
    distance = np.abs(at[:, None] - np.arange(len(inside))[None])
    return np.maximum(0.0, 1.0 - distance).astype(np.float32)


def _product(rows: Values, cells: npt.NDArray[np.float32], columns: Values) -> Values:
    return np.asarray(rows @ cells.astype(np.float32) @ columns.T, np.float32)


def pointing_score(full: FullMap, boxes: Iterable[Rectangle], tolerance: float = 0.0) -> float:
    """Say whether the map's highest pixel is in a box: 1 or 0, or between where several are highest.

    The pointing game (Zhang 2018, Excitation Backprop, arXiv 1608.00507) counts a hit where the maximum lies in a
    box, there within 15 pixels. Of several pixels that are equally high, the share that hits counts, so that a flat
    map is at chance: the share of the picture that the boxes cover.

    Args:
        full: The map.
        boxes: All boxes of one target.
        tolerance: How far from the box is still a hit, pixels of the original between pixel centres.
    """
    seen = full.values[full.seen]
    top = float(seen.max())
    rows, columns = np.nonzero(full.seen & (full.values >= top - _TIE * max(1.0, abs(top))))
    hits = np.zeros(len(rows), np.bool_)
    for box in boxes:
        down = np.maximum(0, np.maximum(box.top - rows, rows - (box.bottom - 1)))
        aside = np.maximum(0, np.maximum(box.left - columns, columns - (box.right - 1)))
        hits |= np.hypot(down, aside) <= tolerance
    return float(hits.mean())


def contrast_to_noise(full: FullMap, target: Pixels) -> float:
    """Return (mean inside - mean outside) / sqrt(variance inside + variance outside); its absolute value is CNR.

    CNR as in Boecking 2022 (arXiv 2204.09817, section 4); the sign, which that definition drops, says whether the map
    is brighter inside. Variances are those of the population. Scaling or shifting all scores does not change it.
    Pixels outside the field of view are neither inside nor outside.

    Returns:
        0 for a flat map, or one that sees nothing of the target; NaN where the target leaves no outside.
    """
    inside, outside = full.values[full.seen & target], full.values[full.seen & ~target]
    if not inside.size:
        return 0.0
    if not outside.size:
        return float("nan")
    # float64: the mean of millions of float32 would lose its last digits.
    contrast = float(inside.mean(dtype=np.float64) - outside.mean(dtype=np.float64))
    noise = float(np.sqrt(inside.var(dtype=np.float64) + outside.var(dtype=np.float64)))
    if abs(contrast) <= _TIE * max(1.0, float(np.abs(inside).max())):
        return 0.0
    return contrast / noise if noise else float(np.copysign(np.inf, contrast))


def mean_iou(full: FullMap, target: Pixels, temperature: float = 0.0) -> float:
    """Return the mean over `THRESHOLDS` of the IoU of {pixels above the threshold} and the target.

    mIoU of Boecking 2022 (arXiv 2204.09817), whose scores are cosines. Scores here are logits: they are brought to
    [0, 1] by the map's own lowest and highest pixel, or, where a temperature is given, multiplied by it. Pixels
    outside the field of view are never above a threshold, so what of the target lies there is not found.

    Args:
        full: The map.
        target: (height, width) bool, at least one pixel.
        temperature: 0, or what an encoder divides its cosines by.
    """
    values = full.values
    if temperature:
        levels = np.array(THRESHOLDS) / temperature
    else:
        low, high = float(values[full.seen].min()), float(values[full.seen].max())
        if high - low <= _TIE * max(1.0, abs(high)):
            return 0.0
        levels = low + np.array(THRESHOLDS) * (high - low)
    area, total = int(target.sum()), 0.0
    for level in levels:
        above = full.seen & (values > level)
        found, shared = int(np.count_nonzero(above)), int(np.count_nonzero(above & target))
        total += shared / (found + area - shared)
    return total / len(THRESHOLDS)
