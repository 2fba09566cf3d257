"""Turns shapes given in the body frame into antialiased float layers of one picture; knows no anatomy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.records import Exposure

Layer = NDArray[np.float32]
Points = NDArray[np.float64]

_SUBPIXEL_BITS = 4
_COARSE_HEIGHT = 80


def smooth_curve(points: Points, closed: bool = False, steps: int = 6) -> Points:
    """Interpolate (n, 2) points by a Catmull-Rom spline with `steps` points per segment."""
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    corners = np.stack([padded[:-3], padded[1:-2], padded[2:-1], padded[3:]], axis=1)  # (segments, 4, 2)
    curve: Points = (_spline_weights(steps) @ corners).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, points[-1:]])


@cache
def _spline_weights(steps: int) -> Points:
    t = np.arange(steps) / steps
    weights: Points = 0.5 * np.stack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2], axis=1
    )
    return weights


def ribbon(centre: Points, width: float | Points) -> Points:
    """Outline bands of the given full width along centre lines.

    Args:
        centre: (..., n, 2) points.
        width: One width, or an array that broadcasts against (..., n).

    Returns:
        (..., 2 n, 2): one edge forward, then the other one back.
    """
    direction = np.empty_like(centre)
    direction[..., 1:-1, :] = centre[..., 2:, :] - centre[..., :-2, :]
    direction[..., 0, :] = centre[..., 1, :] - centre[..., 0, :]
    direction[..., -1, :] = centre[..., -1, :] - centre[..., -2, :]
    length = np.hypot(direction[..., 0], direction[..., 1])
    half = np.asarray(width) / 2 / np.maximum(length, 1e-9)
    offset = np.stack([-direction[..., 1] * half, direction[..., 0] * half], axis=-1)
    return np.concatenate([centre + offset, (centre - offset)[..., ::-1, :]], axis=-2)


@dataclass(frozen=True, slots=True)
class ExposureFrame:
    """The picture of one exposure: maps the body frame to pixels (x right, y down).

    Attributes:
        matrix: (2, 3) float64, body (x, y, 1) -> pixel centre coordinates.
        x, y: (H, W) float32, body coordinates of every pixel centre.
        scale: pixels per body unit.
        span: body units across and down the picture.
        coarse: the same picture at few rows, on which smooth fields are made; None for that frame itself.
    """

    height: int
    width: int
    matrix: NDArray[np.float64]
    scale: float
    x: Layer = field(repr=False)
    y: Layer = field(repr=False)
    span: tuple[float, float]
    coarse: ExposureFrame | None = field(repr=False)

    def to_pixels(self, points: Points) -> Points:
        """Map (n, 2) body points to pixel coordinates."""
        pixels: Points = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return pixels

    def fill(self, outlines: Sequence[Points]) -> Layer:
        """Fill outlines given in the body frame; overlaps do not add up. Returns values in [0, 1]."""
        canvas = np.zeros((self.height, self.width), np.uint8)
        for outline in self._fixed(outlines):
            cv2.fillPoly(canvas, [outline], (255,), cv2.LINE_AA, _SUBPIXEL_BITS)
        return _unit(canvas)

    def stroke(self, curves: Sequence[Points], widths: Sequence[float], closed: bool = False) -> Layer:
        """Draw curves of the given widths (body units); lines thinner than a pixel are drawn fainter."""
        canvas = np.zeros((self.height, self.width), np.uint8)
        for curve, width in zip(self._fixed(curves), widths, strict=True):
            pixels = width * self.scale
            value = int(255 * min(1.0, max(pixels, 0.15)))
            thickness = max(1, round(pixels))
            cv2.polylines(canvas, [curve], closed, (value,), thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
        return _unit(canvas)

    def stroke_tree(self, curves: Points, widths: Points, classes: int = 9) -> Layer:
        """Draw (n, k, 2) curves, brighter where wider; widths are rounded to a few classes."""
        canvas = np.zeros((self.height, self.width), np.uint8)
        fixed = self._fixed([curves.reshape(-1, 2)])[0].reshape(curves.shape)
        edges = np.geomspace(widths.min(), widths.max() * 1.0001, classes + 1)
        group = np.searchsorted(edges, widths, side="right") - 1
        for number in range(classes):
            pixels = float(edges[number : number + 2].mean()) * self.scale
            depth = float(edges[number] / edges[-1]) ** 0.55  # a wide vessel is also a deep one
            value = int(255 * depth * min(1.0, max(0.2, pixels)))
            members = list(fixed[group == number])
            cv2.polylines(
                canvas, members, False, (value,), max(1, round(pixels)), cv2.LINE_AA, _SUBPIXEL_BITS
            )
        return _unit(canvas)

    def blur(self, layer: Layer, sigma: float) -> Layer:
        """Blur by a Gaussian of `sigma` body units; wide ones on a smaller copy, where they cost less."""
        pixels = sigma * self.scale
        if pixels < 0.2:
            return layer
        shrink = 1
        while pixels / shrink > 3.2:
            shrink *= 2
        if shrink == 1:
            return cv2.GaussianBlur(layer, _kernel(pixels), pixels).astype(np.float32, copy=False)
        size = (-(-self.width // shrink), -(-self.height // shrink))
        small = cv2.resize(layer, size, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, _kernel(pixels / shrink), pixels / shrink)
        return self._resized(small.astype(np.float32, copy=False))

    def soften(self, layer: Layer, sigma: float) -> Layer:
        """Blur widely by way of the coarse frame; for sigmas of 0.1 body units and more."""
        if self.coarse is None:
            pixels = sigma * self.scale
            soft = cv2.GaussianBlur(layer, _kernel(pixels), pixels, borderType=cv2.BORDER_REPLICATE)
            return soft.astype(np.float32, copy=False)
        size = (self.coarse.width, self.coarse.height)
        small = cv2.resize(layer, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
        return self._resized(self.coarse.soften(small, sigma))

    def enlarge(self, layer: Layer) -> Layer:
        """Bring a smooth field from the coarse frame to this one."""
        return self._resized(layer)

    def texture(self, seed: int, cell: float) -> Layer:
        """Make a smooth random texture of unit variance; `cell` is its grain in body units."""
        across, down = (math.ceil(side / cell) + 2 for side in self.span)
        grid = np.random.default_rng(seed).standard_normal((down, across), dtype=np.float32)
        return self._resized(1.4 * grid)

    def _resized(self, layer: Layer) -> Layer:
        size = (self.width, self.height)
        return cv2.resize(layer, size, interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)

    def _fixed(self, shapes: Sequence[Points]) -> list[NDArray[np.int32]]:
        """Map shapes to the fixed-point pixels that the drawing functions take, all in one go."""
        pixels = self.to_pixels(np.concatenate(shapes)) * (1 << _SUBPIXEL_BITS)
        ends = np.cumsum([len(shape) for shape in shapes])
        return np.split(np.round(pixels).astype(np.int32), ends[:-1])


def make_frame(exposure: Exposure, aspect: float, height: int, coarse: bool = True) -> ExposureFrame:
    """Lay out the picture of an exposure at a height in pixels, with its coarse copy."""
    width = max(16, round(height * aspect))
    scale = min(height, width) / exposure.zoom
    angle = math.radians(exposure.rotation)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    centre = np.array([exposure.shift_x, 1.0 + exposure.shift_y])  # body point at the middle of the picture
    offset = np.array([(width - 1) / 2, (height - 1) / 2]) - linear @ centre
    inverse = np.linalg.inv(linear).astype(np.float32)
    columns = np.arange(width, dtype=np.float32)[None, :] - np.float32(offset[0])
    rows = np.arange(height, dtype=np.float32)[:, None] - np.float32(offset[1])
    return ExposureFrame(
        height=height,
        width=width,
        matrix=np.column_stack([linear, offset]),
        scale=scale,
        x=inverse[0, 0] * columns + inverse[0, 1] * rows,
        y=inverse[1, 0] * columns + inverse[1, 1] * rows,
        span=(exposure.zoom * max(1.0, aspect), exposure.zoom * max(1.0, 1 / aspect)),
        coarse=make_frame(exposure, aspect, _COARSE_HEIGHT, coarse=False) if coarse else None,
    )


def step(layer: Layer, edge: float, softness: float) -> Layer:
    """Smooth rise from 0 to 1 around `edge`, about `softness` wide."""
    t = layer * np.float32(1 / softness)
    t += np.float32(0.5 - edge / softness)
    np.clip(t, 0, 1, out=t)
    rise = t * np.float32(-2)
    rise += np.float32(3)
    rise *= t
    rise *= t
    return rise


def _kernel(sigma: float) -> tuple[int, int]:
    side = 2 * math.ceil(2.6 * sigma) + 1
    return side, side


def _unit(canvas: NDArray[np.uint8]) -> Layer:
    return canvas.astype(np.float32) * np.float32(1 / 255)
