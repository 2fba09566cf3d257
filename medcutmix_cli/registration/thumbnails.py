"""A picture at 64 x 64, its exposure and its slow shades taken out: what registration looks at."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Placement

Values = npt.NDArray[np.float32]

SIDE = 64
"""Side of a thumbnail, pixels: ribs have gone, lungs, heart and diaphragm are there."""

_NEIGHBOURHOOD = 5.0  # sigma of what is "near", thumbnail pixels: a third of a lung's width
_FLAT = 4.0  # grey levels that are added to the spread, so that noise in an even area stays small


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """One picture as registration sees it.

    Attributes:
        values: (64, 64) float32, each pixel against mean and spread of its neighbourhood; 0 outside the picture.
        inside: (64, 64) float32 in [0, 1], the share of each pixel that holds picture.
    """

    values: Values
    inside: Values


def make_thumbnail(pixels: npt.NDArray[np.uint8], placement: Placement) -> Thumbnail:
    """Reduce a (canvas, canvas) uint8 picture; bars count for nothing."""
    inside = _shares(placement)
    small = np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return Thumbnail(normalise(small, inside), inside)


def halve(values: Values) -> Values:
    """Return a (64, 64) thumbnail at (32, 32): enough to find where a thorax lies, at a quarter of the cost."""
    return np.asarray(cv2.resize(values, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA), np.float32)


def normalise(small: npt.NDArray[np.uint8], inside: Values) -> Values:
    """Take mean and spread of the neighbourhood out of a (64, 64) picture (normalised convolution)."""
    weight = _blur(inside) + np.float32(1e-3)
    picture = small.astype(np.float32)
    centred = (picture - _blur(picture * inside) / weight) * inside
    spread = cv2.sqrt(_blur(centred * centred) / weight) + np.float32(_FLAT)
    return np.asarray(centred / spread * inside, dtype=np.float32)


def _blur(values: Values) -> Values:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), _NEIGHBOURHOOD), dtype=np.float32)


def _shares(placement: Placement) -> Values:
    rows = _overlap(placement.top, placement.height, placement.canvas)
    return np.outer(rows, _overlap(placement.left, placement.width, placement.canvas)).astype(np.float32)


def _overlap(start: int, length: int, canvas: int) -> npt.NDArray[np.float64]:
    edges = np.linspace(0.0, canvas, SIDE + 1)
    low, high = np.maximum(edges[:-1], start), np.minimum(edges[1:], start + length)
    return np.asarray(np.clip(high - low, 0.0, None) * SIDE / canvas)
