"""Shapes in the body frame become layers at any size."""

from __future__ import annotations

import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms.canvas import make_frame, ribbon, smooth_curve, step
from medcutmix_cli.datasets.phantoms.draw import draw_phantom

CORNERS = np.array([(-0.4, 0.6), (0.4, 0.6), (0.4, 1.4), (-0.4, 1.4)])


def make_test_frame(height: int = 128):
    phantom = draw_phantom(1)
    return make_frame(phantom.exposure, phantom.aspect, height)


def test_pixels_map_back_to_the_body_frame():
    frame = make_test_frame()
    points = np.column_stack([frame.x.ravel(), frame.y.ravel()]).astype(np.float64)
    columns, rows = np.meshgrid(np.arange(frame.width), np.arange(frame.height))
    assert np.allclose(frame.to_pixels(points), np.column_stack([columns.ravel(), rows.ravel()]), atol=1e-3)


@pytest.mark.parametrize("height", [64, 128, 512])
def test_a_filled_shape_has_its_size_to_a_pixel_at_any_height(height):
    frame = make_test_frame(height)
    side = frame.fill([CORNERS]).sum() ** 0.5 / frame.scale
    assert side == pytest.approx(0.8, abs=1.7 / frame.scale)


def test_a_line_thinner_than_a_pixel_is_drawn_fainter():
    frame = make_test_frame()
    line = np.array([(-0.5, 1.0), (0.5, 1.0)])
    assert frame.stroke([line], [0.3 / frame.scale]).max() < frame.stroke([line], [3 / frame.scale]).max()


def test_a_spline_goes_through_its_points():
    curve = smooth_curve(CORNERS, steps=5)
    assert np.allclose(curve[::5], CORNERS)
    assert len(smooth_curve(CORNERS, closed=True, steps=5)) == 20


def test_a_ribbon_has_the_asked_width():
    outline = ribbon(np.array([(0.0, 0.0), (1.0, 0.0), (2.0, 0.0)]), 0.2)
    assert np.allclose(np.abs(outline[:, 1]), 0.1)


def test_blurring_by_way_of_a_smaller_copy_is_close_to_blurring():
    frame = make_test_frame(256)
    square = frame.fill([CORNERS])
    wide = frame.blur(square, 4 / frame.scale)
    twice = frame.blur(frame.blur(square, np.sqrt(8) / frame.scale), np.sqrt(8) / frame.scale)
    assert np.abs(wide - twice).max() < 0.05


def test_a_step_rises_from_0_to_1_around_its_edge():
    rise = step(np.array([0.0, 1.0, 2.0], np.float32), 1.0, 0.5)
    assert rise.tolist() == [0.0, 0.5, 1.0]
