import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.attention import TopK, attention_mass, cells_inside, top_cells
from medcutmix_cli.records import Side
from tests.builders import make_placement

GRID = (14, 14)
maps = arrays(np.float32, GRID, elements=st.floats(-50, 50, width=16))


def peak_at(row, column):
    y, x = np.mgrid[: GRID[0], : GRID[1]]
    return (-np.hypot(y - row, x - column)).astype(np.float32)


@given(maps)
@settings(max_examples=50, deadline=None)
def test_topk_never_takes_more_than_its_share_of_the_usable_cells(scores):
    region = TopK(border=0).select(scores, Side.NONE, make_placement())
    assert 1 <= region.mask.sum() <= round(0.20 * 14 * 14)


@given(maps)
@settings(max_examples=50, deadline=None)
def test_every_chosen_cell_scores_at_least_as_high_as_every_other(scores):
    usable = np.ones(GRID, dtype=bool)
    chosen = top_cells(scores, usable, 0.2)
    assert scores[chosen].min() >= scores[~chosen].max()


def test_the_border_ring_is_never_taken():
    region = TopK(border=1).select(peak_at(0, 7), Side.NONE, make_placement())
    assert not region.mask[0].any()
    assert region.mask[1].any()


def test_nan_cells_and_padding_are_never_taken():
    scores = peak_at(7, 7)
    scores[:, 7:] = np.nan
    narrow = make_placement(112, left=16, width=80)
    mask = TopK(border=0).select(scores, Side.NONE, narrow).mask
    assert mask.any()
    assert not mask[:, 7:].any()
    assert not mask[:, :2].any()


def test_only_the_largest_piece_stays():
    scores = np.maximum(peak_at(3, 3) + 4, 0) + np.maximum(peak_at(11, 11) + 2, 0)
    mask = TopK().select(scores.astype(np.float32), Side.NONE, make_placement()).mask
    assert mask[3, 3]
    assert not mask[11, 11]


def test_a_bilateral_finding_keeps_one_piece_a_side():
    scores = np.maximum(peak_at(10, 3), peak_at(10, 10))
    region = TopK().select(scores, Side.BILATERAL, make_placement())
    assert region.rejected == ""
    assert region.mask[10, 3]
    assert region.mask[10, 10]


@pytest.mark.parametrize(
    ("column", "side", "expected"),
    [
        pytest.param(10, Side.LEFT, "", id="image-right-is-the-patients-left"),
        pytest.param(3, Side.RIGHT, "", id="image-left-is-the-patients-right"),
        pytest.param(3, Side.LEFT, "mask-on-other-side", id="left-stated-but-right-shown"),
        pytest.param(10, Side.BILATERAL, "mask-on-other-side", id="bilateral-stated-but-one-side-shown"),
        pytest.param(3, Side.NONE, "", id="no-side-stated"),
    ],
)
def test_the_mask_agrees_with_the_stated_side(column, side, expected):
    assert TopK().select(peak_at(7, column), side, make_placement()).rejected == expected


def test_a_map_without_any_cell_left_is_refused_by_name():
    nothing = np.full(GRID, np.nan, dtype=np.float32)
    assert TopK().select(nothing, Side.NONE, make_placement()).rejected == "mask-too-small"


def test_a_greedy_fraction_is_refused_by_name():
    assert TopK(fraction=0.9, border=0).select(peak_at(7, 7), Side.NONE, make_placement()).rejected == (
        "mask-too-large"
    )


@given(maps)
@settings(max_examples=50, deadline=None)
def test_attention_mass_sums_to_one_and_ignores_nan(scores):
    scores = scores.copy()
    scores[0] = np.nan
    mass = attention_mass(scores)
    assert mass.sum() == pytest.approx(1.0)
    assert (mass[0] == 0).all()


def test_cells_half_covered_by_picture_count_as_inside():
    placement = make_placement(112, top=4, height=104)  # cells are 8 pixels high here
    inside = cells_inside(placement, GRID)
    assert inside[0].all()
    assert not cells_inside(make_placement(112, top=5, height=102), GRID)[0].any()
