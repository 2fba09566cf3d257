from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.images import letterbox, to_canvas, to_original

sizes = st.integers(1, 5000)
canvases = st.sampled_from([112, 224, 448, 1008])


@given(sizes, sizes, canvases)
def test_picture_fills_the_canvas_along_its_longer_side_and_is_centred(height, width, canvas):
    at = letterbox(height, width, canvas)
    assert max(at.height, at.width) == canvas
    assert 1 <= at.height <= canvas
    assert 1 <= at.width <= canvas
    assert abs(at.top - (canvas - at.height - at.top)) <= 1
    assert abs(at.left - (canvas - at.width - at.left)) <= 1


@given(sizes, sizes, canvases)
def test_aspect_is_kept_to_half_a_canvas_pixel(height, width, canvas):
    at = letterbox(height, width, canvas)
    scale = canvas / max(height, width)
    assert abs(at.height - max(1, height * scale)) <= 0.5
    assert abs(at.width - max(1, width * scale)) <= 0.5


@given(sizes, sizes, canvases, st.floats(-10, 5000), st.floats(-10, 5000))
def test_geometry_goes_both_ways(height, width, canvas, x, y):
    at = letterbox(height, width, canvas)
    back = to_original(at, *to_canvas(at, x, y))
    np.testing.assert_allclose(back, (x, y), atol=1e-6)


@given(sizes, sizes, canvases)
def test_outer_edges_of_the_picture_are_the_outer_edges_of_its_box(height, width, canvas):
    at = letterbox(height, width, canvas)
    assert np.allclose(to_canvas(at, -0.5, -0.5), (at.left - 0.5, at.top - 0.5))
    far = to_canvas(at, width - 0.5, height - 0.5)
    assert np.allclose(far, (at.left + at.width - 0.5, at.top + at.height - 0.5))


def test_arrays_of_points_are_mapped_at_once():
    at = letterbox(300, 200, 448)
    x, y = to_canvas(at, np.array([0.0, 199.0]), np.array([0.0, 299.0]))
    assert x.shape == y.shape == (2,)
