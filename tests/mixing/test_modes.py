import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from medcutmix_cli.attention import TopK, cells_inside
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.cut import Strategies, draw_cut, paste, pixel_weights, weigh
from medcutmix_cli.mixing.modes import BOX_AREA
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from tests.builders import make_view

ANY = Strategies(TopK(), InPlaceUnion(), Feather())
seeds = st.integers(0, 10_000)


def boxed(seed, a, b):
    return draw_cut(a, b, ANY, "box", np.random.default_rng(seed))


def test_keep_changes_no_pixel_and_gives_the_recipient_all_weight():
    a, b = make_view(1), make_view(2)
    cut = draw_cut(a, b, ANY, "keep")
    assert np.array_equal(paste(cut, a, b), a.pixels)
    weights = weigh(cut, a, b)
    assert (weights.area, weights.mass, weights.transmix) == pytest.approx((1.0, 1.0, 1.0))
    assert (weights.mass_kept_a, weights.mass_got_b) == pytest.approx((1.0, 0.0))


@given(seeds)
@settings(max_examples=60)
def test_a_box_is_one_rectangle_inside_both_pictures(seed):
    a, b = make_view(1, grid=14, left=16, width=80), make_view(2, grid=14, top=24, height=80)
    cut = boxed(seed, a, b)
    rows, columns = np.nonzero(cut.mask)
    assert cut.mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()
    shared = cells_inside(a.placement, (14, 14)) & cells_inside(b.placement, (14, 14))
    assert not (cut.mask & ~shared).any()
    assert ndimage.label(cut.mask)[1] == 1


def test_the_area_of_boxes_is_drawn_evenly_within_its_bounds():
    a, b = make_view(1, grid=28), make_view(2, grid=28)
    shares = np.array([boxed(seed, a, b).mask.mean() for seed in range(400)])
    assert shares.min() > BOX_AREA[0] - 0.02
    assert shares.max() < BOX_AREA[1] + 0.02
    # 1 - Beta(1, 1) is even on [0, 1]: a tenth falls on the least area, half on the largest.
    assert np.mean(shares < 0.12) == pytest.approx(0.12, abs=0.05)
    assert np.mean(shares > 0.48) == pytest.approx(0.52, abs=0.08)


def test_boxes_fall_everywhere():
    a, b = make_view(1, grid=14), make_view(2, grid=14)
    covered = np.mean([boxed(seed, a, b).mask for seed in range(300)], axis=0)
    assert covered.min() > 0.005


def test_a_box_is_the_donors_own_pixels():
    a, b = make_view(1), make_view(2)
    cut = boxed(3, a, b)
    inside = pixel_weights(cut, a.placement, b.placement).astype(bool)
    assert np.array_equal(paste(cut, a, b), np.where(inside, b.pixels, a.pixels))


def test_an_average_is_half_of_each_where_both_have_picture():
    a, b = make_view(1, left=10, width=90), make_view(2, top=7, height=90)
    cut = draw_cut(a, b, ANY, "average")
    share = pixel_weights(cut, a.placement, b.placement)
    both = np.zeros((112, 112), dtype=bool)
    both[7:97, 10:100] = True
    assert (share[both] == 0.5).all()
    assert (share[~both] == 0).all()
    half = np.rint((a.pixels.astype(float) + b.pixels) / 2)
    assert np.array_equal(paste(cut, a, b)[both], half[both])


def test_the_average_of_pictures_that_fill_the_canvas_is_half_of_each():
    a, b = make_view(1), make_view(2)
    weights = weigh(draw_cut(a, b, ANY, "average"), a, b)
    assert (weights.area, weights.mass, weights.transmix) == pytest.approx((0.5, 0.5, 0.5))
