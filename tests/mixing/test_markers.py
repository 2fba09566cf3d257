from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.attention import TopK
from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.cut import Cut, Strategies, draw_cut, pixel_weights
from medcutmix_cli.mixing.markers import marker_pixels
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from tests.builders import make_placement, make_view

CANVAS = 448


def smooth_picture(seed=0):
    noise = np.random.default_rng(seed).random((7, 7)).astype(np.float32)
    return (40 + 130 * cv2.resize(noise, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC).clip(0, 1)).astype(
        np.uint8
    )


def stamped(picture, letter, x, y, height=20):
    stamp = np.zeros_like(picture)
    cv2.putText(stamp, letter, (x, y), cv2.FONT_HERSHEY_SIMPLEX, height / 22, (255,), 2, cv2.LINE_AA)
    return np.maximum(picture, stamp), stamp > 128


def grown(found):
    """Add the two pixels of a letter's own soft edge."""
    return cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


@pytest.mark.parametrize("letter", ["L", "R", "PORTABLE"])
@pytest.mark.parametrize(("x", "y"), [(30, 60), (360, 60), (30, 420)], ids=["left", "right", "bottom"])
def test_a_letter_in_the_outer_band_is_found(letter, x, y):
    height = 20 if len(letter) == 1 else 8
    picture, truth = stamped(smooth_picture(), letter, x, y, height)
    found = marker_pixels(picture, make_placement(CANVAS))
    assert grown(found)[truth].mean() > 0.95
    assert not found[:, 150:300].any()


def test_a_smooth_picture_has_no_letter():
    assert not marker_pixels(smooth_picture(), make_placement(CANVAS)).any()


def test_the_middle_of_a_picture_has_no_letters():
    picture, _ = stamped(smooth_picture(), "L", 220, 224)
    assert not marker_pixels(picture, make_placement(CANVAS)).any()


def test_no_letter_is_looked_for_in_a_thumbnail():
    assert not marker_pixels(make_view(1).pixels, make_placement()).any()


def mixed_letters(seed, grid):
    """Return donor weights by pixel, and where letters of both pictures are and were found; None if refused."""
    rng = np.random.default_rng(seed)
    marks, views = [], []
    for n in range(2):
        x, y = (20, 400)[int(rng.integers(2))] + int(rng.integers(20)), int(rng.integers(60, 400))
        pixels, mark = stamped(smooth_picture(seed + n), "LR"[n], x, y)
        marks.append(mark)
        views.append(replace(make_view(seed + n, CANVAS, grid), pixels=pixels))
    cut = draw_cut(*views, Strategies(TopK(fraction=0.5, max_area=1), InPlaceUnion(), Feather()))
    if not isinstance(cut, Cut):
        return None
    found = np.logical_or(*(marker_pixels(view.pixels, view.placement) for view in views))
    return pixel_weights(cut, views[0].placement, views[1].placement), np.logical_or(*marks), found


@given(st.integers(0, 500), st.sampled_from([14, 28]))
@settings(max_examples=15)
def test_no_letter_is_pasted_or_covered_nor_its_soft_edge(seed, grid):
    mixed = mixed_letters(seed, grid)
    if mixed:
        share, letters, found = mixed
        assert not share[found].any()
        assert not share[letters].any()


@pytest.mark.parametrize(("seed", "grid"), [(461, 14), (75, 28), (323, 28)])
def test_no_pixel_of_a_letter_is_pasted_or_covered(seed, grid):
    share, letters, _ = mixed_letters(seed, grid)
    assert not share[letters].any()


def test_phantoms_keep_their_side_marker():
    found = wanted = 0
    for seed in range(12):
        phantom = draw_phantom(seed)
        if not phantom.exposure.marker:
            continue
        plain = replace(phantom, exposure=replace(phantom.exposure, marker=""))
        pictures = [(paint(p, CANVAS).image * 255).astype(np.uint8) for p in (phantom, plain)]
        height, width = pictures[0].shape
        side = max(height, width)
        canvas = np.zeros((side, side), np.uint8)
        canvas[:height, :width] = pictures[0]
        placement = replace(make_placement(side), height=height, width=width)
        truth = np.zeros_like(canvas, dtype=bool)
        truth[:height, :width] = np.abs(pictures[0].astype(int) - pictures[1]) > 60
        wanted += 1
        found += grown(marker_pixels(canvas, placement))[truth].mean() > 0.9
    assert wanted >= 4
    assert found == wanted
