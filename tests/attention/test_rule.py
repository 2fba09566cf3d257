"""What every rule for masks promises, whatever it is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from medcutmix_cli.attention import Mass, Otsu, Region, RegionGrowing, Soft, TopK
from medcutmix_cli.records import MapTarget, Side
from tests.builders import make_placement

GRID = (14, 14)
WHOLE = make_placement()
PILLARBOX = make_placement(112, left=8, width=80)  # cells 1 to 10

SHIFTABLE = {
    "topk": TopK(),
    "mass-softmax": Mass(fraction=0.5, min_area=0.0),
    "otsu": Otsu(),
    "soft-softmax": Soft(),
    "region-growing": RegionGrowing(),
}
RULES = SHIFTABLE | {
    "mass-relu": Mass(energy="relu", fraction=0.6),
    "mass-decoder": Mass(energy="decoder", fraction=0.4),
    "soft-relu": Soft(energy="relu"),
    "soft-decoder": Soft(energy="decoder"),
    "otsu-smoothed": Otsu(smoothing=1.5),
    "soft-without-border": Soft(border=0),
}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
maps = arrays(np.float32, GRID, elements=st.integers(-160, 160).map(lambda step: step / 8))
sides = st.sampled_from(list(Side))


def hill(row, column, seed=0):
    """Return a map with one round hill and a little noise, so that no two cells are equal."""
    y, x = np.mgrid[: GRID[0], : GRID[1]]
    height = 6 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 8) - 1
    return (height + np.random.default_rng(seed).normal(0, 1e-3, GRID)).astype(np.float32)


def noise(seed):
    return np.random.default_rng(seed).normal(size=GRID).astype(np.float16).astype(np.float32)


@every_rule
@given(maps, sides, st.data())
@settings(max_examples=12)
def test_what_is_no_picture_is_never_chosen(rule, scores, side, data):
    rows = data.draw(st.sets(st.integers(0, 13), max_size=5))
    scores[sorted(rows)] = np.nan
    strength = rule.select(scores, MapTarget(side=side), PILLARBOX).strength
    assert (strength[np.isnan(scores)] == 0).all()
    assert (strength[:, :1] == 0).all()
    assert (strength[:, 11:] == 0).all()


@every_rule
@given(maps, sides)
@settings(max_examples=12)
def test_a_region_is_one_piece_of_allowed_area_or_refused(rule, scores, side):
    region = rule.select(scores, MapTarget(side=side), WHOLE)
    halves = (region.mask[:, :7], region.mask[:, 7:]) if side is Side.BILATERAL else (region.mask,)
    assert all(ndimage.label(half, np.ones((3, 3)))[1] <= 1 for half in halves)
    assert region.rejected or rule.min_area <= region.mask.mean() <= rule.max_area


@every_rule
@given(maps, sides)
@settings(max_examples=12)
def test_the_mask_is_where_the_strength_is_at_least_one_half(rule, scores, side):
    region = rule.select(scores, MapTarget(side=side), WHOLE)
    assert np.array_equal(region.mask, region.strength >= 0.5)
    assert region.strength.dtype == np.float32
    assert ((region.strength >= 0) & (region.strength <= 1)).all()
    if not isinstance(rule, Soft):
        assert set(np.unique(region.strength)) <= {0, 1}


@pytest.mark.parametrize("rule", SHIFTABLE.values(), ids=SHIFTABLE.keys())
@given(maps, sides, st.integers(-800, 800).map(lambda step: np.float32(step / 8)))
@settings(max_examples=15)
def test_a_constant_added_to_all_scores_changes_nothing(rule, scores, side, constant):
    one, other = (
        rule.select(scores, MapTarget(side=side), WHOLE),
        rule.select(scores + constant, MapTarget(side=side), WHOLE),
    )
    assert np.array_equal(one.strength, other.strength)
    assert one.rejected == other.rejected


@every_rule
@given(st.integers(2, 11), st.integers(2, 9), st.integers(0, 99), sides)
@settings(max_examples=12)
def test_the_mirror_image_has_the_mirrored_mask(rule, row, column, seed, side):
    scores = hill(row, column, seed)
    other = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}.get(side, side)
    mirrored = replace(PILLARBOX, left=112 - PILLARBOX.left - PILLARBOX.width)
    one = rule.select(scores, MapTarget(side=side), PILLARBOX)
    two = rule.select(np.ascontiguousarray(scores[:, ::-1]), MapTarget(side=other), mirrored)
    assert one.rejected == two.rejected
    assert np.allclose(one.strength, two.strength[:, ::-1], atol=1e-5)


@every_rule
@given(st.integers(2, 11), st.integers(2, 11))
@settings(max_examples=15)
def test_a_single_sharp_peak_is_found(rule, row, column):
    region = rule.select(hill(row, column), MapTarget(), WHOLE)
    assert region.rejected == ""
    assert region.mask[row, column]


@every_rule
def test_on_noise_the_area_stays_within_its_limits_or_is_refused(rule):
    regions = [rule.select(noise(seed), MapTarget(), WHOLE) for seed in range(30)]
    assert all(region.rejected or region.mask.mean() <= rule.max_area for region in regions)


def test_half_of_the_maps_own_range_would_select_half_of_the_noise():
    shares = []
    for seed in range(30):
        scores = noise(seed)
        shares.append(((scores - scores.min()) / np.ptp(scores) > 0.5).mean())
    assert 0.4 < np.mean(shares) < 0.6


@every_rule
@pytest.mark.parametrize("placement", [WHOLE, PILLARBOX], ids=["whole", "pillarbox"])
def test_a_map_without_a_cell_is_refused_by_name(rule, placement):
    nothing = np.full(GRID, np.nan, dtype=np.float32)
    region = rule.select(nothing, MapTarget(), placement)
    assert region.rejected == "map-empty"
    assert not region.mask.any()
    assert not region.strength.any()


@every_rule
def test_a_picture_that_is_all_border_is_refused_by_name(rule):
    scores = np.full(GRID, np.nan, dtype=np.float32)
    scores[5:7, 5:9] = 3
    region = replace(rule, border=1).select(scores, MapTarget(), WHOLE)
    assert region.rejected == "mask-too-small"


@every_rule
def test_the_border_rings_are_never_taken(rule):
    strength = replace(rule, border=2).select(hill(0, 7), MapTarget(), WHOLE).strength
    assert not strength[:2].any()


@every_rule
def test_refusals_have_names(rule):
    scores = hill(7, 10)
    everything = replace(rule, min_area=0.0, max_area=1.0)
    assert everything.select(scores, MapTarget(side=Side.LEFT), WHOLE).rejected == ""
    assert everything.select(scores, MapTarget(side=Side.RIGHT), WHOLE).rejected == "mask-wrong-side"
    assert (
        replace(rule, min_area=0.4).select(scores, MapTarget(side=Side.LEFT), WHOLE).rejected
        == "mask-too-small"
    )
    assert (
        replace(rule, min_area=0.0, max_area=0.0).select(scores, MapTarget(side=Side.LEFT), WHOLE).rejected
        == "mask-too-large"
    )


def test_a_region_without_a_strength_is_hard():
    mask = np.eye(3, dtype=bool)
    assert np.array_equal(Region(mask).strength, mask.astype(np.float32))
