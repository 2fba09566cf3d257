from dataclasses import replace

import numpy as np
import pytest

from medcutmix_cli.registration.thumbnails import SIDE, make_thumbnail, normalise
from tests.builders import make_placement
from tests.thoraxes import phantom_chest

WHOLE = make_placement(224)


def seen(pixels, placement=WHOLE):
    return make_thumbnail(pixels, placement).values


def test_what_lies_on_the_bars_counts_for_nothing():
    at = replace(
        WHOLE, left=35, width=154
    )  # 3.5 canvas pixels are one of the thumbnail: both edges are whole
    black = phantom_chest(1).pixels.copy()
    black[:, :35] = black[:, 189:] = 0
    white = black.copy()
    white[:, :35] = white[:, 189:] = 255
    found = seen(black, at)
    assert np.array_equal(found, seen(white, at))
    assert not found[:, :10].any()
    assert not found[:, 54:].any()
    assert found[:, 10:54].std() > 0.5


def test_inside_is_the_share_of_each_pixel_that_holds_picture():
    at = replace(WHOLE, top=7, height=126, left=1, width=223)
    inside = make_thumbnail(phantom_chest(1).pixels, at).inside
    assert inside[:, 10].tolist() == [0] * 2 + [1] * 36 + [0] * 26
    assert inside[10, :3].tolist() == pytest.approx([1 - 1 / 3.5, 1, 1])
    assert inside.sum() * 3.5**2 == pytest.approx(126 * 223, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_another_exposure_is_hardly_seen(seed):
    pixels = phantom_chest(seed).pixels
    one = seen(pixels)
    for other in (0.5 * pixels + 60, 255 * (pixels / 255) ** 1.5, 255 * (pixels / 255) ** 0.7):
        found = seen(other.astype(np.uint8))
        assert np.corrcoef(one.ravel(), found.ravel())[0, 1] > 0.97


def test_slow_shades_are_hardly_seen():
    pixels = phantom_chest(2).pixels
    shade = np.linspace(0.6, 1, 224)[:, None]
    assert np.corrcoef(seen(pixels).ravel(), seen((shade * pixels).astype(np.uint8)).ravel())[0, 1] > 0.97


def test_an_even_picture_has_no_values_and_faint_noise_stays_faint():
    everywhere = np.ones((SIDE, SIDE), np.float32)
    even = np.full((SIDE, SIDE), 100, np.uint8)
    assert np.abs(normalise(even, everywhere)).max() < 0.05
    noisy = even + np.random.default_rng(0).integers(0, 2, even.shape).astype(np.uint8)
    assert np.abs(normalise(noisy, everywhere)).max() < 0.5
