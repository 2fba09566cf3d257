import pytest

from tests.builders import make_placement


def test_a_scale_is_canvas_pixels_per_original_pixel():
    placement = make_placement(448, source_height=896, source_width=1792, top=56, height=336)
    assert placement.scale_x == pytest.approx(448 / 1792)
    assert placement.scale_y == pytest.approx(336 / 896)
