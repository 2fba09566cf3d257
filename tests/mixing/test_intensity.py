from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.mixing.cut import GAIN_RANGE, match_intensity
from medcutmix_cli.mixing.intensity import GREATEST_TONE
from medcutmix_cli.mixing.movement import IN_ITS_PLACE
from medcutmix_cli.mixing.shifts import Shift
from medcutmix_cli.mixing.views import View
from medcutmix_cli.records import MapTarget
from tests.builders import make_placement, make_view

CANVAS, GRID = 224, 14


def patch():
    mask = np.zeros((GRID, GRID), dtype=bool)
    mask[5:9, 3:7] = True
    return mask


def matched(recipient, donor, movement=IN_ITS_PLACE):
    match = match_intensity(recipient, donor, patch(), movement)
    assert not match.tone.any()
    return match.gain, match.offset


def exposed(phantom, exposure):
    """Return the same body, placed the same, as another exposure shows it."""
    own = phantom.exposure
    keep = {
        name: getattr(own, name)
        for name in ("zoom", "shift_x", "shift_y", "rotation", "collimation", "portable")
    }
    shown = replace(phantom, aspect=1.0, exposure=replace(exposure, marker="", **keep))
    pixels = (paint(shown, CANVAS).image * 255).astype(np.uint8)
    return View(pixels, make_placement(CANVAS), np.zeros((GRID, GRID), np.float32), MapTarget())


def test_one_body_under_two_exposures_meets_without_a_seam():
    before, after = [], []
    inside = np.kron(patch(), np.ones((16, 16), dtype=bool))
    for seed in range(900, 908):
        phantom, other = draw_phantom(seed), draw_phantom(seed + 5000)
        a, b = exposed(phantom, phantom.exposure), exposed(phantom, other.exposure)
        gain, offset = matched(a, b)
        own, given = a.pixels[inside].astype(float), b.pixels[inside].astype(float)
        before.append(abs(float((given - own).mean())))
        after.append(abs(float((gain * given + offset - own).mean())))
    assert np.mean(before) > 10
    assert np.mean(after) < 0.25 * np.mean(before)


@pytest.mark.parametrize(("scale", "bound"), [(0.2, 1), (4.0, 0)], ids=["flat-donor", "harsh-donor"])
def test_the_gain_is_kept_within_its_bounds(scale, bound):
    a = make_view(1, CANVAS, GRID)
    middle = a.pixels.astype(float) - 128
    b = replace(a, pixels=np.clip(128 + scale * middle, 0, 255).astype(np.uint8))
    if scale > 1:
        a = replace(a, pixels=np.clip(128 + 0.2 * middle, 0, 255).astype(np.uint8))
    assert matched(a, b)[0] == pytest.approx(GAIN_RANGE[bound])


def test_padding_does_not_count():
    a = make_view(1, CANVAS, GRID, left=56, width=168)
    whole = make_view(1, CANVAS, GRID)
    blanked = a.pixels.copy()
    blanked[:, :56] = 0
    a = replace(a, pixels=blanked)
    assert matched(a, replace(whole, pixels=a.pixels)) == pytest.approx((1.0, 0.0))


def test_a_moved_donor_is_compared_where_it_comes_to_lie():
    a = make_view(1, CANVAS, GRID)
    b = replace(a, pixels=np.roll(a.pixels, (-32, 16), (0, 1)))
    movement = IN_ITS_PLACE.with_shift(Shift(2, -1), CANVAS, (GRID, GRID))
    assert matched(a, b, movement) == pytest.approx((1.0, 0.0), abs=1e-4)


def test_a_mask_without_a_ring_changes_nothing():
    a, b = make_view(1), make_view(2)
    match = match_intensity(a, b, np.ones((7, 7), dtype=bool), local=True)
    assert (match.gain, match.offset) == (1.0, 0.0)
    assert not match.tone.any()


def test_a_region_is_not_crushed_to_black_or_white():
    y, x = np.mgrid[:CANVAS, :CANVAS] / CANVAS
    a = replace(make_view(1, CANVAS, GRID), pixels=(20 + 40 * x).astype(np.uint8))
    inside = np.kron(patch(), np.ones((16, 16), dtype=bool))
    for level in (5, 250):
        b = replace(a, pixels=np.where(inside, level, 100 + 60 * y).astype(np.uint8))
        gain, offset = matched(a, b)
        assert -1 <= gain * level + offset <= 256 or gain == pytest.approx(GAIN_RANGE[0])
        around = np.kron(ring(), np.ones((16, 16), dtype=bool))
        assert (gain * b.pixels[around] + offset).mean() == pytest.approx(a.pixels[around].mean(), abs=0.01)


def ring():
    return ndimage.binary_dilation(patch(), np.ones((3, 3))) & ~patch()


def test_local_tone_brings_each_side_of_the_region_to_its_own_surroundings():
    """A donor that is darker on one side and lighter on the other meets the recipient on both."""
    x = np.linspace(-30, 30, CANVAS)
    a = replace(make_view(1, CANVAS, GRID), pixels=np.full((CANVAS, CANVAS), 120, np.uint8))
    b = replace(a, pixels=np.broadcast_to(120 + x, (CANVAS, CANVAS)).astype(np.uint8))
    match = match_intensity(a, b, patch(), local=True)
    change = np.kron(match.tone.astype(float), np.ones((16, 16)))
    around = np.kron(ring(), np.ones((16, 16), dtype=bool))
    given = match.gain * b.pixels.astype(float) + match.offset
    before, after = np.abs(given - a.pixels)[around].mean(), np.abs(given + change - a.pixels)[around].mean()
    assert after < 0.4 * before


def test_local_tone_is_bounded():
    a = replace(make_view(1, CANVAS, GRID), pixels=np.full((CANVAS, CANVAS), 250, np.uint8))
    checks = np.indices((GRID, GRID)).sum(axis=0) % 2 * 250
    b = replace(a, pixels=np.kron(checks, np.ones((16, 16))).astype(np.uint8))
    assert np.abs(match_intensity(a, b, patch(), local=True).tone).max() <= GREATEST_TONE
