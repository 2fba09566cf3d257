"""Find leads, tubes and catheters that cross a lung and are grey as ribs; `markers` finds what is as bright as letters.

What counts is a long, smooth ridge that runs neither as ribs and vessels do, down to the side, nor, unless it is
longer, as clavicles, up to the side. Devices that run as they do are not found, nor any beyond the lungs. Knows no map.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.registration.maps import look_up
from medcutmix_cli.registration.poses import Pose
from medcutmix_cli.registration.template import thorax_anatomy
from medcutmix_cli.registration.thumbnails import Values

_SIDE = 224  # pixels of the square that is looked at; all lengths below are in them
_SIGMA = 1.4  # of the ridges looked for: a lead is three to six wide
_CURVATURE = 0.6  # second derivative from which a pixel may be on a ridge, grey levels
_ASIDE = 3.0  # how far to both sides a ridge is compared
_WEAK, _CONTRAST = 1.5, 3.0  # grey levels above the brighter side: of each point, of the median of a line
_REACH, _ALONG, _ACROSS = (
    7,
    0.94,
    0.15,
)  # of two points of a line: distance, cosine of directions, offset by distance
_LONG, _LONGER = 30.0, 44.0  # from end to end; the latter where a line may be a clavicle
_FILLED = 0.45  # points by length: ribs cross a lead and hide it there
_CROOKED = 0.75  # deviation from a cubic, root mean square
_RIBS, _CLAVICLES = (-12.0, 65.0), (-32.0, 62.0)  # degrees down to the side; both with what runs like them
_AROUND = 12  # how far beyond the lungs lines are followed
_EDGE = 3  # thumbnail pixels: the wall of the chest is seen along the edge of a lung

Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Ridges:
    """Points on the crests of ridges, (n,) each.

    Attributes:
        rows, columns: Where they are.
        across_x, across_y: The unit vector across the ridge.
        contrast: Grey levels above the brighter of both sides.
    """

    rows: Whole
    columns: Whole
    across_x: Floats
    across_y: Floats
    contrast: Floats

    def some(self, chosen: npt.NDArray[np.bool_] | Whole) -> _Ridges:
        """Return these of the points."""
        across_x, across_y, contrast = (v[chosen] for v in (self.across_x, self.across_y, self.contrast))
        return _Ridges(self.rows[chosen], self.columns[chosen], across_x, across_y, contrast)

    def span(self) -> float:
        """Return the diagonal of the box around the points."""
        return float(np.hypot(np.ptp(self.rows), np.ptp(self.columns)))

    def slopes(self, leftness: Floats) -> Floats:
        """Return how steeply the ridge goes down at each point, towards the patient's side that it is on: degrees."""
        outward = -self.across_y * np.sign(leftness[self.rows, self.columns])
        turned = np.where(outward < 0, -1, 1)
        return np.asarray(np.degrees(np.arctan2(self.across_x * turned, outward * turned)), dtype=np.float32)


def find_leads(pixels: npt.NDArray[np.uint8], pose: Pose) -> npt.NDArray[np.bool_]:
    """Mark the leads, tubes and catheters that cross a lung, (canvas, canvas) bool.

    Args:
        pixels: (canvas, canvas) uint8.
        pose: How the thorax lies in the picture.
    """
    grey = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    lungs = _finer(look_up(_inner_lungs(), pose.to_template)) > 0.5
    box = _box_of(lungs)
    leftness = _finer(look_up(thorax_anatomy().leftness, pose.to_template, outside=None))[box]
    ridges = _ridges(np.ascontiguousarray(grey[box]))
    ridges = ridges.some(~_within(ridges.slopes(leftness), _RIBS))
    found = np.zeros((_SIDE, _SIDE), np.uint8)
    for line in _lines(ridges, leftness.shape):
        if _is_lead(line, lungs[box], leftness):
            _draw(line, found[box])
    wide = cv2.dilate(found, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.resize(wide, pixels.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0)


def _finer(values: Values) -> Values:
    return np.asarray(cv2.resize(values, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


@cache
def _inner_lungs() -> Values:
    anatomy = thorax_anatomy()
    lungs = (anatomy.right + anatomy.left >= 0.5).astype(np.float32)
    return np.asarray(cv2.erode(lungs, np.ones((_EDGE, _EDGE), np.uint8)), dtype=np.float32)


def _box_of(lungs: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns about the lungs: nothing else is looked at."""
    spans = (np.flatnonzero(lungs.any(axis=axis)) for axis in (1, 0))
    ends = [(span.min(), span.max() + 1) if span.size else (0, 1) for span in spans]
    rows, columns = (slice(max(0, int(low) - _AROUND), int(high) + _AROUND) for low, high in ends)
    return rows, columns


@cache
def _kernels(sigma: float) -> tuple[Floats, Floats, Floats]:
    """Return a Gaussian and its first two derivatives."""
    x = np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1, dtype=np.float32)
    bell = np.exp(-(x**2) / (2 * sigma**2))
    bell /= bell.sum()
    return bell, -x / sigma**2 * bell, (x**2 / sigma**4 - 1 / sigma**2) * bell


def _filtered(grey: Floats, along_x: Floats, along_y: Floats) -> Floats:
    found = cv2.sepFilter2D(grey, cv2.CV_32F, along_x, along_y, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32)


def _ridges(grey: Floats) -> _Ridges:
    """Find the pixels that are brightest across the direction in which a picture is bent most."""
    bell, first, second = _kernels(_SIGMA)
    xx, yy, xy = (_filtered(grey, *both) for both in ((second, bell), (bell, second), (first, first)))
    bent = np.asarray(cv2.magnitude((xx - yy) / 2, xy), dtype=np.float32) - (xx + yy) / 2
    rows, columns = np.nonzero(bent > _CURVATURE)
    turn = np.arctan2(2 * xy[rows, columns], (xx - yy)[rows, columns]) / 2 + np.float32(np.pi / 2)
    x, y = np.cos(turn), np.sin(turn)
    beside = np.maximum(_at(bent, columns + x, rows + y), _at(bent, columns - x, rows - y))
    smooth = _filtered(grey, *(_kernels(1.0)[0],) * 2)
    crest = bent[rows, columns] >= beside
    rows, columns, x, y = rows[crest], columns[crest], x[crest], y[crest]
    sides = (_at(smooth, columns + step * x, rows + step * y) for step in (-_ASIDE, _ASIDE))
    ridges = _Ridges(rows, columns, x, y, smooth[rows, columns] - np.maximum(*sides))
    return ridges.some(ridges.contrast >= _WEAK)


def _at(values: Floats, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> Floats:
    """Return values between pixels, bilinear; OpenCV takes no row of as many as there may be."""
    wide = 256
    places = np.zeros((2, -(-len(x) // wide) * wide), np.float32)
    places[0, : len(x)], places[1, : len(x)] = x, y
    if not len(x):
        return np.zeros(0, np.float32)
    across, down = (axis.reshape(-1, wide) for axis in places)
    found = cv2.remap(values, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found.ravel()[: len(x)], dtype=np.float32)


def _lines(ridges: _Ridges, shape: tuple[int, ...]) -> list[_Ridges]:
    """Join points that follow each other in one direction; leave out what is too short."""
    from scipy.sparse import csr_matrix  # takes longer to load than reading a plan, which draws nothing
    from scipy.sparse.csgraph import connected_components

    count = len(ridges.rows)
    one, other = _followers(ridges, shape)
    starts = np.concatenate([[0], np.cumsum(np.bincount(one, minlength=count))])
    links = csr_matrix((np.ones(len(one)), other, starts), shape=(count, count))
    labels = connected_components(links, directed=False)[1]
    long = np.flatnonzero(np.bincount(labels)[labels] >= _FILLED * _LONG) if count else np.zeros(0, np.intp)
    order = long[np.argsort(labels[long], kind="stable")]
    pieces = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return [ridges.some(piece) for piece in pieces if len(piece)]


@cache
def _steps() -> tuple[Whole, Whole, Floats]:
    """Return how far down and right of a point those lie that may follow it, and how far aside of its line they may."""
    there = [
        (down, right, np.hypot(down, right))
        for down, right in product(range(_REACH + 1), range(-_REACH, _REACH + 1))
        if (down or right > 0) and np.hypot(down, right) <= _REACH + 0.2
    ]
    down, right, length = map(np.array, zip(*there, strict=True))
    return down, right, np.maximum(1.0, _ACROSS * length).astype(np.float32)


def _followers(ridges: _Ridges, shape: tuple[int, ...]) -> tuple[Whole, Whole]:
    """Return pairs of points, by number, that lie on one line; ordered by the first."""
    down, right, aside = _steps()
    numbers = np.full([length + 2 * _REACH for length in shape], -1, np.int32)
    width = numbers.shape[1]
    places = (ridges.rows + _REACH) * width + ridges.columns + _REACH
    numbers.ravel()[places] = np.arange(len(places))
    there = numbers.ravel()[places[:, None] + (down * width + right)]
    one, step = np.nonzero(there >= 0)
    other = there[one, step]
    across_x, across_y = ridges.across_x, ridges.across_y
    x, y, x2, y2 = across_x[one], across_y[one], across_x[other], across_y[other]
    right_, down_ = right.astype(np.float32)[step], down.astype(np.float32)[step]
    together = np.abs(x * x2 + y * y2) > _ALONG
    beside = np.maximum(np.abs(x * right_ + y * down_), np.abs(x2 * right_ + y2 * down_)) <= aside[step]
    on_line = together & beside
    return one[on_line], other[on_line]


def _is_lead(line: _Ridges, lungs: npt.NDArray[np.bool_], leftness: Floats) -> bool:
    """Say whether a line is as long, bright and smooth as no vessel, in a lung, and runs as no clavicle does."""
    span = line.span()
    if span < _LONG or len(line.rows) < _FILLED * span or np.median(line.contrast) < _CONTRAST:
        return False
    if lungs[line.rows, line.columns].mean() < 0.5:
        return False
    bony = _within(line.slopes(leftness), _CLAVICLES).mean() >= 0.5
    return bool(not (bony and span < _LONGER) and _crookedness(line) <= _CROOKED)


def _within(slopes: Floats, bounds: tuple[float, float]) -> npt.NDArray[np.bool_]:
    low, high = bounds
    return np.asarray((slopes > low) & (slopes < high))


def _frame(line: _Ridges) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return how far along a line's longer axis each point is, and how far aside of it."""
    points = np.stack([line.columns, line.rows]).astype(np.float64)
    points -= points.mean(axis=1, keepdims=True)
    (xx, xy), (_, yy) = points @ points.T
    turn = np.arctan2(2 * xy, xx - yy) / 2
    x, y = points
    return x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)


def _crookedness(line: _Ridges) -> float:
    """Return by how many pixels a line misses the cubic that fits it best, root mean square."""
    along, aside = _frame(line)
    missed = aside - np.polyval(np.polyfit(along, aside, 3), along)
    return float(np.sqrt(np.mean(missed**2)))


def _draw(line: _Ridges, found: npt.NDArray[np.uint8]) -> None:
    """Draw a line point by point, and over its gaps."""
    order = np.argsort(_frame(line)[0], kind="stable")
    points = np.stack([line.columns[order], line.rows[order]], axis=1).astype(np.int32)
    cv2.polylines(found, [points], isClosed=False, color=(1,))
