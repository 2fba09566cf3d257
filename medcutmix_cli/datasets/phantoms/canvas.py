"""Turns shapes given in the body frame into antialiased float layers of one picture; knows no anatomy."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.records import Exposure

Layer = NDArray[np.float32]
Points = NDArray[np.float64]

_SUBPIXEL_BITS = 4
_SOFT_HEIGHT = 72  # rows of the coarse grid on which wide blurs are made


def smooth_curve(points: Points, closed: bool = False, steps: int = 6) -> Points:
    """Interpolate (n, 2) points by a Catmull-Rom spline with `steps` points per segment."""
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    p0, p1, p2, p3 = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]
    t = (np.arange(steps) / steps)[None, :, None]
    curve = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    curve = curve.reshape(-1, 2)
    return curve if closed else np.concatenate([curve, points[-1:]])


def ribbon(centre: Points, width: float | Points) -> Points:
    """Outline a band of the given full width (scalar or per point) along a (n, 2) centre line."""
    direction = np.gradient(centre, axis=0)
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    half = np.asarray(width, dtype=np.float64).reshape(-1, 1) / 2
    return np.concatenate([centre + normal * half, (centre - normal * half)[::-1]])


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture of one exposure: maps the body frame to pixels (x right, y down).

    Attributes:
        matrix: (2, 3) float64, body (x, y, 1) -> pixel centre coordinates.
        x, y: (H, W) float32, body coordinates of every pixel centre.
        scale: pixels per body unit.
    """

    height: int
    width: int
    matrix: NDArray[np.float64]
    scale: float
    x: Layer = field(repr=False)
    y: Layer = field(repr=False)

    def to_pixels(self, points: Points) -> Points:
        """Map (n, 2) body points to pixel coordinates."""
        return points @ self.matrix[:, :2].T + self.matrix[:, 2]

    def fill(self, outlines: list[Points]) -> Layer:
        """Fill outlines given in the body frame; overlaps do not add up. Returns values in [0, 1]."""
        canvas = np.zeros((self.height, self.width), np.uint8)
        for outline in outlines:
            cv2.fillPoly(canvas, [self._fixed(outline)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        return _unit(canvas)

    def stroke(self, curves: list[Points], widths: list[float], closed: bool = False) -> Layer:
        """Draw curves of the given widths (body units); lines thinner than a pixel are drawn fainter."""
        canvas = np.zeros((self.height, self.width), np.uint8)
        for curve, width in zip(curves, widths, strict=True):
            pixels = width * self.scale
            value = int(255 * min(1.0, max(pixels, 0.15)))
            thickness = max(1, round(pixels))
            cv2.polylines(canvas, [self._fixed(curve)], closed, value, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
        return _unit(canvas)

    def stroke_tree(self, curves: Points, widths: Points, classes: int = 9) -> Layer:
        """Draw (n, k, 2) curves, brighter where wider; widths are rounded to a few classes."""
        canvas = np.zeros((self.height, self.width), np.uint8)
        fixed = self._fixed(curves.reshape(-1, 2)).reshape(curves.shape)
        edges = np.geomspace(widths.min(), widths.max() * 1.0001, classes + 1)
        group = np.searchsorted(edges, widths, side="right") - 1
        for number in range(classes):
            pixels = float(edges[number : number + 2].mean()) * self.scale
            depth = float(edges[number] / edges[-1]) ** 0.55  # a wide vessel is also a deep one
            value = int(255 * depth * min(1.0, max(0.2, pixels)))
            members = list(fixed[group == number])
            cv2.polylines(canvas, members, False, value, max(1, round(pixels)), cv2.LINE_AA, _SUBPIXEL_BITS)
        return _unit(canvas)

    def blur(self, layer: Layer, sigma: float) -> Layer:
        """Blur by a Gaussian of `sigma` body units at full resolution."""
        pixels = sigma * self.scale
        return (
            layer if pixels < 0.2 else cv2.GaussianBlur(layer, (0, 0), pixels).astype(np.float32, copy=False)
        )

    def soften(self, layer: Layer, sigma: float) -> Layer:
        """Blur widely on a coarse grid and bring the result back; for sigmas of 0.08 body units and more."""
        rows = min(_SOFT_HEIGHT, self.height)
        columns = max(8, round(self.width * rows / self.height))
        coarse = cv2.resize(layer, (columns, rows), interpolation=cv2.INTER_AREA)
        coarse = cv2.GaussianBlur(
            coarse, (0, 0), sigma * self.scale * rows / self.height, borderType=cv2.BORDER_REPLICATE
        )
        return cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_CUBIC).astype(
            np.float32, copy=False
        )

    def texture(self, seed: int, cell: float) -> Layer:
        """Make a smooth random texture of unit variance; `cell` is its grain in body units."""
        count = math.ceil(6.4 / cell) + 3
        grid = np.random.default_rng(seed).standard_normal((count, count), dtype=np.float32) * 1.5
        place = np.array([[cell, 0.0, -3.2], [0.0, cell, -2.2]])
        full = np.vstack([self.matrix, [0, 0, 1]]) @ np.vstack([place, [0, 0, 1]])
        size = (self.width, self.height)
        warped = cv2.warpAffine(grid, full[:2], size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        return warped.astype(np.float32, copy=False)

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        return np.round(self.to_pixels(points) * (1 << _SUBPIXEL_BITS)).astype(np.int32)


def make_frame(exposure: Exposure, aspect: float, height: int) -> Frame:
    """Lay out the picture of an exposure at a height in pixels."""
    width = max(16, round(height * aspect))
    scale = min(height, width) / exposure.zoom
    angle = math.radians(exposure.rotation)
    linear = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    centre = np.array([exposure.shift_x, 1.0 + exposure.shift_y])  # body point at the middle of the picture
    offset = np.array([(width - 1) / 2, (height - 1) / 2]) - linear @ centre
    matrix = np.column_stack([linear, offset])
    inverse = np.linalg.inv(linear)
    columns = np.arange(width, dtype=np.float64)[None, :] - offset[0]
    rows = np.arange(height, dtype=np.float64)[:, None] - offset[1]
    x = (inverse[0, 0] * columns + inverse[0, 1] * rows).astype(np.float32)
    y = (inverse[1, 0] * columns + inverse[1, 1] * rows).astype(np.float32)
    return Frame(height, width, matrix, scale, x, y)


def step(layer: Layer, edge: float, softness: float) -> Layer:
    """Smooth rise from 0 to 1 around `edge`, about `softness` wide."""
    t = np.clip((layer - np.float32(edge)) * np.float32(1 / softness) + np.float32(0.5), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32, copy=False)


def _unit(canvas: NDArray[np.uint8]) -> Layer:
    return canvas.astype(np.float32) * np.float32(1 / 255)
