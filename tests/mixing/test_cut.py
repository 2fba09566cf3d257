from dataclasses import astuple, dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from medcutmix_cli.attention import Otsu, Soft, TopK
from medcutmix_cli.mixing.blends.alpha import Alpha
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.blends.hard import Hard
from medcutmix_cli.mixing.cut import (
    GAIN_RANGE,
    Cut,
    Guards,
    RefusedCut,
    Strategies,
    draw_cut,
    match_intensity,
    paste,
    picture_box,
    pixel_weights,
    weigh,
)
from medcutmix_cli.mixing.drawing import without_scraps
from medcutmix_cli.mixing.regions.in_place_donor import InPlaceDonor
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.mixing.regions.paste_to_target import PasteToTarget
from medcutmix_cli.mixing.views import Pasteable
from medcutmix_cli.records import MapTarget, Side
from tests.builders import make_view

DEFAULT = Strategies(TopK(), InPlaceUnion(), Feather())
seeds = st.integers(0, 10_000)


def drawn(a, b, strategies=DEFAULT):
    cut = draw_cut(a, b, strategies)
    assert isinstance(cut, Cut)
    return cut


@given(seeds, seeds)
@settings(max_examples=40)
def test_outside_the_weights_the_pixels_are_the_recipients_own(first, second):
    a, b = make_view(first), make_view(second + 20_000)
    cut = drawn(a, b)
    untouched = pixel_weights(cut, a.placement, b.placement) == 0
    assert untouched.any()
    assert np.array_equal(paste(cut, a, b)[untouched], a.pixels[untouched])


@given(seeds, seeds)
@settings(max_examples=40)
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
    assert match_intensity(a, flat, drawn(a, flat).mask).gain == pytest.approx(GAIN_RANGE[1])


def test_a_refusal_names_the_parent_and_the_rule():
    donor = make_view(11)
    outcomes = [
        draw_cut(make_view(12), replace(donor, target=MapTarget(side=side)), DEFAULT)
        for side in (Side.LEFT, Side.RIGHT)
    ]
    assert RefusedCut("donor-mask-wrong-side") in outcomes


SOFT = Strategies(
    Soft(energy="decoder", border=0, min_area=0.0), InPlaceUnion(), Feather(), guards=Guards(border=0)
)


@given(seeds, seeds)
@settings(max_examples=25)
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
    assert draw_cut(weak, good, DEFAULT) == RefusedCut("recipient-weak-evidence")
    assert draw_cut(good, weak, DEFAULT) == RefusedCut("donor-weak-evidence")
    assert draw_cut(good, blank, DEFAULT) == RefusedCut("donor-weak-evidence")


@given(seeds)
@settings(max_examples=25)
def test_weights_are_shares(seed):
    a, b = make_view(seed), make_view(seed + 20_000)
    weights = weigh(drawn(a, b), a, b)
    values = (weights.area, weights.mass, weights.transmix, weights.mass_kept_a, weights.mass_got_b)
    assert all(0.0 <= value <= 1.0 for value in values)


def unasked(view):
    return replace(view, scores=np.full_like(view.scores, np.nan), asked=False)


@pytest.mark.parametrize("mode", ["attended", "soft"])
def test_a_host_that_was_not_asked_has_no_mask_and_is_not_gated(mode):
    host = replace(unasked(make_view(1)), grounded=False, target=MapTarget())
    cut = draw_cut(host, make_view(2), SOFT, mode)
    assert isinstance(cut, Cut)
    assert not cut.mask_a.any()
    assert np.array_equal(cut.mask, cut.mask_b)


def test_a_donor_that_was_not_asked_covers_what_leaves():
    cut = drawn(make_view(1), unasked(make_view(2)))
    assert not cut.mask_b.any()
    assert np.array_equal(cut.mask, cut.mask_a)


def test_something_must_be_asked_to_be_attended():
    assert draw_cut(unasked(make_view(1)), unasked(make_view(2)), DEFAULT) == RefusedCut("nothing-was-asked")


def test_the_gate_is_asked_of_soft_cuts_too():
    weak = replace(make_view(2), grounded=False)
    assert draw_cut(make_view(1), weak, DEFAULT, "soft") == RefusedCut("donor-weak-evidence")


def test_a_region_without_a_cell_is_refused_by_name():
    rule = replace(DEFAULT, region=InPlaceDonor())
    assert draw_cut(make_view(1), unasked(make_view(2)), rule) == RefusedCut("no-cell-to-paste")


def test_pictures_that_share_nothing_are_refused_by_name():
    a, b = make_view(1, width=40), make_view(2, left=72, width=40)
    attended = replace(DEFAULT, mask=TopK(border=0, min_area=0.0))
    for mode in ("attended", "box", "average"):
        outcome = draw_cut(a, b, attended, mode, np.random.default_rng(0))
        assert outcome == RefusedCut("no-shared-field-of-view")


TARGET = Strategies(TopK(fraction=0.1), PasteToTarget(), Feather())


def test_a_moved_donor_brings_its_own_pixels_from_where_they_were():
    a, b = (replace(make_view(n), scores=peaked(*at)) for n, at in ((1, (3, 2)), (2, (4, 3))))
    cut = replace(drawn(a, b, replace(TARGET, blend=Hard())), gain=1.0, offset=0.0)
    assert (cut.shift_y, cut.shift_x) == (-16, -16)
    weights = pixel_weights(cut, a.placement, b.placement).astype(bool)
    rows, columns = np.nonzero(weights)
    assert np.array_equal(paste(cut, a, b)[weights], b.pixels[rows + 16, columns + 16])
    assert np.array_equal(paste(cut, a, b)[~weights], a.pixels[~weights])


def test_a_moved_donor_counts_the_evidence_that_moved_with_it():
    a, b = (replace(make_view(n), scores=8 * peaked(*at)) for n, at in ((1, (3, 2)), (2, (4, 3))))
    cut = drawn(a, b, replace(TARGET, blend=Hard()))
    assert weigh(cut, a, b).mass_got_b > 0.9
    assert weigh(replace(cut, shift_y=0, shift_x=0), a, b).mass_got_b < 0.9


def peaked(row, column, grid=7):
    y, x = np.mgrid[:grid, :grid]
    return (-np.hypot(y - row, x - column)).astype(np.float32)


EVERY = [
    pytest.param(Strategies(TopK(), region, blend), mode, id=f"{mode}-{region_name}-{blend_name}")
    for mode in ("attended", "soft")
    for region_name, region in (
        ("union", InPlaceUnion()),
        ("donor", InPlaceDonor()),
        ("target", PasteToTarget()),
    )
    for blend_name, blend in (("feather", Feather()), ("hard", Hard()), ("alpha", Alpha()))
] + [pytest.param(DEFAULT, mode, id=mode) for mode in ("keep", "box", "average")]


@pytest.mark.parametrize(("strategies", "mode"), EVERY)
@given(seeds, seeds, st.integers(0, 24), st.integers(0, 24))
@settings(max_examples=12)
def test_every_cut_keeps_its_contract(strategies, mode, first, second, left_a, top_b):
    """Outside W the recipient's own pixels; shares in [0, 1]; the same draw again; exact from what is stored."""
    a = make_view(first, left=left_a, width=112 - left_a)
    b = make_view(second + 20_000, top=top_b, height=112 - top_b)
    cut = draw_cut(a, b, strategies, mode, np.random.default_rng(first))
    if isinstance(cut, RefusedCut):
        return
    mixed, share = paste(cut, a, b), pixel_weights(cut, a.placement, b.placement)
    assert np.array_equal(mixed[share == 0], a.pixels[share == 0])
    assert share.min() >= 0
    assert share.max() <= 1
    values = astuple(weigh(cut, a, b))
    assert all(0.0 <= value <= 1.0 for value in values)
    again = draw_cut(a, b, strategies, mode, np.random.default_rng(first))
    assert np.array_equal(again.weights, cut.weights)
    stored = replace(cut, weights=np.array(cut.weights.ravel().tolist(), np.float16).reshape(7, 7))
    own, given_pixels = Pasteable(a.pixels, a.placement), Pasteable(b.pixels, b.placement)
    assert np.array_equal(paste(stored, own, given_pixels), mixed)


@given(seeds, seeds)
@settings(max_examples=25)
def test_cells_at_the_edge_of_either_picture_have_weight_where_the_region_lies_and_nowhere_else(
    first, second
):
    a, b = make_view(first, left=16, width=80), make_view(second + 20_000, top=16, height=80)
    cut = draw_cut(a, b, replace(DEFAULT, mask=TopK(border=0)))
    if isinstance(cut, Cut):
        edge = np.ones((7, 7), dtype=bool)
        edge[2:5, 2:5] = False
        assert not cut.weights[edge & ~cut.mask].any()


@dataclass(frozen=True)
class Wide(TopK):
    """Reaches one ring of cells beyond what it takes."""

    def select(self, scores, target, placement):
        region = TopK.select(self, scores, target, placement)
        return replace(region, reach=ndimage.grey_dilation(region.strength, (3, 3)))


def test_what_evidence_reaches_is_pasted_with_it_and_is_no_evidence():
    a, b = make_view(1), make_view(2)
    narrow, wide = (draw_cut(a, b, replace(DEFAULT, mask=rule)) for rule in (TopK(), Wide()))
    assert np.array_equal(narrow.mask_b, wide.mask_b)
    assert narrow.mask.sum() < wide.mask.sum()
    assert not (narrow.mask & ~wide.mask).any()


@given(seeds, seeds)
@settings(max_examples=25)
def test_where_edges_are_left_alone_they_have_no_weight(first, second):
    a, b = make_view(first, left=16, width=80), make_view(second + 20_000, top=16, height=80)
    guards = Guards(edge=False)
    cut = draw_cut(a, b, replace(DEFAULT, mask=TopK(border=0), guards=guards))
    if isinstance(cut, Cut):
        assert not cut.weights[:, [0, 1, 5, 6]].any()
        assert not cut.weights[[0, 1, 5, 6]].any()


@pytest.mark.parametrize("mode", ["hard", "", "Keep"])
def test_an_unknown_mode_is_refused(mode):
    with pytest.raises(ValueError, match="attended, soft, keep, box, average"):
        draw_cut(make_view(1), make_view(2), DEFAULT, mode)


def test_a_box_says_what_it_lacks():
    with pytest.raises(ValueError, match="generator"):
        draw_cut(make_view(1), make_view(2), DEFAULT, "box")


def test_scraps_of_a_cut_region_are_dropped():
    strength = np.zeros((7, 7), dtype=np.float32)
    strength[1:5, 1:5] = 1
    strength[6, 6] = 0.9
    strength[0, 6] = 0.3
    kept = without_scraps(strength)
    assert kept[6, 6] == 0
    assert np.array_equal(kept[:6], strength[:6])
    assert kept.dtype == np.float32
