import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.attention import (
    Mass,
    Otsu,
    RegionGrowing,
    Soft,
    TopK,
    evidence,
    expected_area,
    otsu_threshold,
    top_cells,
)
from medcutmix_cli.records import MapTarget, Side
from tests.builders import make_placement

GRID = (14, 14)
maps = arrays(np.float32, GRID, elements=st.floats(-50, 50, width=16))


def peak_at(row, column):
    y, x = np.mgrid[: GRID[0], : GRID[1]]
    return (-np.hypot(y - row, x - column)).astype(np.float32)


@given(maps)
@settings(max_examples=30)
def test_topk_never_takes_more_than_its_share_of_the_usable_cells(scores):
    region = TopK(border=0).select(scores, MapTarget(), make_placement())
    assert 1 <= region.mask.sum() <= round(0.20 * 14 * 14)


@given(maps)
@settings(max_examples=30)
def test_every_chosen_cell_scores_at_least_as_high_as_every_other(scores):
    usable = np.ones(GRID, dtype=bool)
    chosen = top_cells(scores, usable, 0.2)
    assert scores[chosen].min() >= scores[~chosen].max()


@pytest.mark.parametrize(
    ("column", "side", "expected"),
    [
        pytest.param(10, Side.LEFT, "", id="image-right-is-the-patients-left"),
        pytest.param(3, Side.RIGHT, "", id="image-left-is-the-patients-right"),
        pytest.param(3, Side.LEFT, "mask-wrong-side", id="left-stated-but-right-shown"),
        pytest.param(10, Side.BILATERAL, "mask-wrong-side", id="bilateral-stated-but-one-side-shown"),
        pytest.param(3, Side.NONE, "", id="no-side-stated"),
    ],
)
def test_the_mask_agrees_with_the_stated_side(column, side, expected):
    assert TopK().select(peak_at(7, column), MapTarget(side=side), make_placement()).rejected == expected


def test_a_greedy_fraction_is_refused_by_name():
    assert TopK(fraction=0.9, border=0).select(peak_at(7, 7), MapTarget(), make_placement()).rejected == (
        "mask-too-large"
    )


@given(st.lists(st.integers(-40, 40), min_size=2, max_size=40).filter(lambda v: len(set(v)) > 1))
@settings(max_examples=30)
def test_otsu_leaves_the_least_variance_within_both_classes(steps):
    values = np.float32(steps) / 8

    def within(threshold):
        return sum(
            np.var(p.astype(np.float64)) * p.size
            for p in (values[values < threshold], values[values >= threshold])
        )

    assert within(otsu_threshold(values)) == pytest.approx(
        min(map(within, sorted(set(values))[1:])), abs=1e-9
    )


def test_otsu_finds_a_class_of_its_own_size():
    scores = np.zeros(GRID, dtype=np.float32)
    scores[4:7, 8:12] = 3
    region = Otsu().select(scores, MapTarget(side=Side.LEFT), make_placement())
    assert region.rejected == ""
    assert np.array_equal(region.mask, scores > 0)


def test_otsu_finds_no_classes_in_a_map_of_one_value():
    flat = np.full(GRID, 2.5, dtype=np.float32)
    assert Otsu().select(flat, MapTarget(), make_placement()).rejected == "mask-too-small"
    assert otsu_threshold(np.empty(0, dtype=np.float32)) == np.inf


@given(maps, st.floats(0.05, 1), st.sampled_from(["softmax", "decoder"]))
@settings(max_examples=30)
def test_mass_takes_the_fewest_cells_that_hold_the_share(scores, fraction, energy):
    usable = np.ones(GRID, dtype=bool)
    taken = Mass(energy=energy, fraction=fraction).strengths(scores, usable) > 0
    counted = evidence(scores, energy)
    total = counted.sum()
    assert counted[taken].sum() >= fraction * total * (1 - 1e-12)
    assert counted[taken].sum() - counted[taken].min() <= fraction * total * (1 + 1e-12)
    assert taken.all() or counted[taken].min() >= counted[~taken].max()


def test_mass_is_small_where_the_encoder_is_sure():
    placement, rule = make_placement(), Mass(energy="decoder", min_area=0.0, max_area=1.0)
    sure, unsure = (rule.select(4 + sharp * peak_at(7, 7), MapTarget(), placement) for sharp in (4, 1))
    assert 0 < sure.mask.sum() < unsure.mask.sum()


@pytest.mark.parametrize("rule", [Mass(energy="relu"), Soft(energy="relu")], ids=["mass", "soft"])
def test_a_map_that_is_nowhere_positive_is_refused_where_only_that_counts(rule):
    assert rule.select(peak_at(7, 7), MapTarget(), make_placement()).rejected == "no-positive-evidence"


def test_a_soft_mask_rises_to_the_peak_and_has_no_edge():
    strength = Soft(energy="decoder").select(peak_at(7, 7) / 2, MapTarget(), make_placement()).strength
    assert strength[7, 7] == 1
    assert (np.diff(strength[7, 7:13]) <= 0).all()
    assert np.abs(np.diff(strength, axis=1)).max() < 0.5


def test_a_soft_mask_of_few_values_is_as_hard_as_they_are():
    scores = np.zeros(GRID, dtype=np.float32)
    scores[6:8, 3:6] = 1
    region = Soft(energy="relu").select(scores, MapTarget(), make_placement())
    assert np.array_equal(region.strength, scores)


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        pytest.param(TopK, {"fraction": 0.0}, id="no-cell"),
        pytest.param(Mass, {"fraction": 1.1}, id="more-than-all"),
        pytest.param(Mass, {"energy": "sigmoid"}, id="an-energy-there-is-not"),
        pytest.param(Soft, {"energy": ""}, id="no-energy"),
        pytest.param(Soft, {"low": 0.9, "high": 0.9}, id="no-rise"),
        pytest.param(RegionGrowing, {"level": 0.3, "foot": 0.4}, id="a-foot-above-the-level"),
        pytest.param(Otsu, {"border": -1}, id="negative-border"),
        pytest.param(Otsu, {"min_area": 0.5, "max_area": 0.4}, id="no-area-allowed"),
    ],
)
def test_options_that_mean_nothing_are_refused(rule, options):
    with pytest.raises(ValueError, match=r"must be|does not hold"):
        rule(**options)


def hills(grid, *tops, width=0.08):
    """Return a flat map with Gaussian hills: (row, column, height) in shares of the side; sigma is `width`."""
    y, x = (np.mgrid[:grid, :grid] + 0.5) / grid
    heights = [h * np.exp(-((y - r) ** 2 + (x - c) ** 2) / (2 * width**2)) for r, c, h in tops]
    return np.float32(np.max(heights, axis=0))


def grown(scores, finding="", side=Side.NONE, severity="", **options):
    return RegionGrowing(**options).select(scores, MapTarget(finding, side, severity), make_placement())


@pytest.mark.parametrize("grid", [14, 28, 64])
def test_a_region_grows_to_half_the_height_of_its_peak_on_any_grid(grid):
    region = grown(hills(grid, (0.45, 0.3, 5)), "consolidation")
    radius = 0.08 * np.sqrt(2 * np.log(2))
    assert region.rejected == ""
    assert region.mask.mean() == pytest.approx(np.pi * radius**2, rel=0.25)


def test_a_second_hill_does_not_belong_to_the_first():
    region = grown(hills(28, (0.4, 0.25, 5), (0.4, 0.75, 4)), "consolidation")
    assert not region.mask[:, 14:].any()
    assert not region.reach[:, 14:].any()


def test_a_finding_is_no_smaller_than_a_tenth_of_its_kind_and_one_cell():
    sharp = hills(28, (0.4, 0.3, 5), width=0.005)
    assert grown(sharp, "nodule").mask.sum() == 1
    least = expected_area(MapTarget("interstitial_disease")).least
    assert grown(sharp, "interstitial_disease").mask.mean() == pytest.approx(least, abs=1 / 28**2)


@pytest.mark.parametrize(("finding", "grid"), [("nodule", 14), ("nodule", 64), ("mass", 28)])
def test_a_finding_is_no_larger_than_its_kind_touches(finding, grid):
    wide = hills(grid, (0.4, 0.3, 5), width=0.2)
    region, most = grown(wide, finding), expected_area(MapTarget(finding)).most * grid**2
    assert region.mask.sum() == np.ceil((most**0.5 + 1) ** 2)
    assert region.mask.sum() < region.reach.sum() <= np.ceil((most**0.5 + 2) ** 2)


def test_what_is_called_small_is_smaller_and_what_is_called_large_larger():
    wide = hills(28, (0.4, 0.3, 5), width=0.2)
    sizes = [grown(wide, "mass", severity=word).mask.sum() for word in ("tiny", "small", "", "large")]
    assert sizes == sorted(set(sizes))


def test_both_sides_have_a_piece_of_their_own_where_both_have_evidence():
    both = hills(28, (0.7, 0.25, 5), (0.7, 0.75, 3))
    region = grown(both, "pleural_effusion", Side.BILATERAL)
    assert region.rejected == ""
    assert region.mask[:, :14].any()
    assert region.mask[:, 14:].any()
    one = hills(28, (0.7, 0.25, 5), (0.7, 0.75, 1))
    assert grown(one, "pleural_effusion", Side.BILATERAL).rejected == "mask-wrong-side"


def test_the_reach_holds_the_edge_of_the_picture_and_the_mask_does_not():
    region = grown(hills(14, (0.85, 0.11, 5)), "pleural_effusion")
    assert not region.mask[:, 0].any()
    assert region.reach[:, 0].any()
    assert (region.reach >= region.strength).all()


def test_a_map_of_one_value_has_no_peak_to_grow_from():
    assert grown(np.full(GRID, 2.5, dtype=np.float32), "mass").rejected == "mask-too-small"
