from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.attention import Otsu, Soft, TopK
from medcutmix_cli.mixing.blends import Feather, Hard
from medcutmix_cli.mixing.cut import (
    GAIN_RANGE,
    Cut,
    Refused,
    Strategies,
    draw_cut,
    match_intensity,
    paste,
    picture_box,
    pixel_weights,
    weigh,
)
from medcutmix_cli.mixing.regions import InPlaceDonor, InPlaceUnion
from medcutmix_cli.records import Side
from tests.builders import make_view

DEFAULT = Strategies(TopK(), InPlaceUnion(), Feather())
seeds = st.integers(0, 10_000)


def drawn(a, b, strategies=DEFAULT):
    cut = draw_cut(a, b, strategies)
    assert isinstance(cut, Cut)
    return cut


@given(seeds, seeds)
@settings(max_examples=40, deadline=None)
def test_outside_the_weights_the_pixels_are_the_recipients_own(first, second):
    a, b = make_view(first), make_view(second + 20_000)
    cut = drawn(a, b)
    untouched = pixel_weights(cut, a.placement, b.placement) == 0
    assert untouched.any()
    assert np.array_equal(paste(cut, a, b)[untouched], a.pixels[untouched])


@given(seeds, seeds)
@settings(max_examples=40, deadline=None)
def test_the_region_is_the_union_of_both_masks(first, second):
    cut = drawn(make_view(first), make_view(second + 20_000))
    assert np.array_equal(cut.mask, cut.mask_a | cut.mask_b)


def test_in_place_donor_pastes_the_donors_mask_only():
    cut = drawn(make_view(1), make_view(2), Strategies(TopK(), InPlaceDonor(), Feather()))
    assert np.array_equal(cut.mask, cut.mask_b)


def test_a_hard_blend_is_exactly_one_parent_or_the_other():
    a, b = make_view(3), make_view(4)
    cut = replace(drawn(a, b, Strategies(TopK(), InPlaceUnion(), Hard())), gain=1.0, offset=0.0)
    weights = pixel_weights(cut, a.placement, b.placement)
    assert set(np.unique(weights)) == {0.0, 1.0}
    assert np.array_equal(paste(cut, a, b), np.where(weights == 1, b.pixels, a.pixels))


def test_a_hard_blend_is_aligned_to_the_patches():
    a, b = make_view(3), make_view(4)
    cut = drawn(a, b, Strategies(TopK(), InPlaceUnion(), Hard()))
    weights = pixel_weights(cut, a.placement, b.placement)
    assert np.array_equal(weights.astype(bool), np.kron(cut.mask, np.ones((16, 16), dtype=bool)))


def test_feather_is_one_inside_a_wide_mask_and_zero_two_cells_away():
    mask = np.zeros((14, 14), dtype=bool)
    mask[4:10, 4:10] = True
    weights = Feather().soften(mask)
    assert (weights[5:9, 5:9] > 0.99).all()
    assert (weights[:3] == 0).all()
    assert (weights[:, 11:] == 0).all()


def test_nothing_is_pasted_where_one_parent_has_no_picture():
    a = make_view(5, left=16, width=80)
    b = make_view(6, top=16, height=80)
    cut = drawn(a, b)
    weights = pixel_weights(cut, a.placement, b.placement)
    rows, columns = picture_box(b.placement)[0], picture_box(a.placement)[1]
    shared = np.zeros_like(weights, dtype=bool)
    shared[rows, columns] = True
    assert (weights[~shared] == 0).all()


def test_a_mix_of_equal_parents_is_the_parent():
    a = make_view(7)
    cut = drawn(a, a)
    assert cut.gain == pytest.approx(1.0)
    assert np.array_equal(paste(cut, a, a), a.pixels)


def test_the_donor_is_brought_to_the_recipients_grey_levels():
    a = make_view(8)
    darker = replace(a, pixels=(a.pixels * 0.8 + 10).astype(np.uint8))
    cut = drawn(a, darker)
    difference = paste(cut, a, darker).astype(int) - a.pixels
    assert np.abs(difference).max() <= 2


def test_the_gain_is_clipped():
    a, flat = make_view(9), make_view(10)
    flat = replace(flat, pixels=(flat.pixels // 16 + 100).astype(np.uint8))
    assert match_intensity(a, flat, drawn(a, flat).mask)[0] == pytest.approx(GAIN_RANGE[1])


def test_a_refusal_names_the_parent_and_the_rule():
    donor = make_view(11)
    outcomes = [
        draw_cut(make_view(12), replace(donor, side=side), DEFAULT) for side in (Side.LEFT, Side.RIGHT)
    ]
    assert Refused("donor-mask-on-other-side") in outcomes


SOFT = Strategies(Soft(energy="decoder", border=0, min_area=0.0), InPlaceUnion(), Feather())


@given(seeds, seeds)
@settings(max_examples=25, deadline=None)
def test_a_soft_mask_is_pasted_softly_and_its_core_is_the_mask(first, second):
    a, b = make_view(first), make_view(second + 20_000)
    cut = drawn(a, b, SOFT)
    assert cut.mask.dtype == np.bool_
    assert np.array_equal(cut.mask, cut.mask_a | cut.mask_b)
    assert cut.weights[~cut.mask].any()


@pytest.mark.parametrize(
    "strategies",
    [SOFT, replace(SOFT, blend=Hard()), replace(SOFT, mask=Otsu(border=0, max_area=1.0))],
    ids=["soft-feather", "soft-hard", "otsu"],
)
def test_the_stored_weights_replay_a_soft_cut_exactly(strategies):
    a, b = make_view(21), make_view(22)
    cut = drawn(a, b, strategies)
    stored = replace(cut, weights=np.array(cut.weights.ravel().tolist(), dtype=np.float16).reshape(7, 7))
    assert np.array_equal(paste(stored, a, b), paste(cut, a, b))
    assert weigh(stored, a, b) == weigh(cut, a, b)


def test_a_hard_blend_of_a_soft_mask_pastes_its_core():
    cut = drawn(make_view(3), make_view(4), replace(SOFT, blend=Hard()))
    assert np.array_equal(cut.weights == 1, cut.mask)


def test_weak_evidence_is_refused_before_any_mask_is_cut():
    good, weak = make_view(11), replace(make_view(12), grounded=False, ground_p=0.4)
    blank = replace(weak, scores=np.full_like(weak.scores, np.nan))
    assert draw_cut(weak, good, DEFAULT) == Refused("recipient-weak-evidence")
    assert draw_cut(good, weak, DEFAULT) == Refused("donor-weak-evidence")
    assert draw_cut(good, blank, DEFAULT) == Refused("donor-weak-evidence")


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_weights_are_shares(seed):
    a, b = make_view(seed), make_view(seed + 20_000)
    weights = weigh(drawn(a, b), a, b)
    values = (weights.area, weights.mass, weights.transmix, weights.mass_kept_a, weights.mass_got_b)
    assert all(0.0 <= value <= 1.0 for value in values)
