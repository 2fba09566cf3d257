import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from medcutmix_cli.attention import (
    agrees_with_side,
    cells_inside,
    cells_on_side,
    cells_with_score,
    erode,
    grow,
    keep_hills,
    smooth,
    widen,
)
from medcutmix_cli.records import Side
from tests.builders import make_placement

GRID = (14, 14)
EIGHT = np.ones((3, 3))
strengths = arrays(np.float32, GRID, elements=st.integers(0, 8).map(lambda step: step / 8))


def test_cells_half_covered_by_picture_count_as_inside():
    placement = make_placement(112, top=4, height=104)  # cells are 8 pixels high here
    inside = cells_inside(placement, GRID)
    assert inside[0].all()
    assert not cells_inside(make_placement(112, top=5, height=102), GRID)[0].any()


def test_cells_without_a_finite_score_are_not_the_pictures():
    scores = np.zeros(GRID, dtype=np.float32)
    scores[3, 3], scores[4, 4] = np.nan, np.inf
    missing = ~cells_with_score(scores, make_placement())
    assert np.argwhere(missing).tolist() == [[3, 3], [4, 4]]


def test_erosion_takes_rings_off_a_hole_as_well():
    mask = np.ones(GRID, dtype=bool)
    mask[7, 7] = False
    assert not erode(mask, 1)[6:9, 6:9].any()
    assert erode(mask, 1).sum() == 12 * 12 - 9
    assert np.array_equal(erode(mask, 0), mask)


@pytest.mark.parametrize("rings", [0, 1, 2])
def test_widening_lays_rings_around_what_there_is_as_strong_as_it(rings):
    strength = np.zeros((9, 9), np.float32)
    strength[4, 4], strength[0, 0] = 0.8, 0.3
    wide = widen(strength, rings)
    there = np.zeros((9, 9), np.float32)
    there[: rings + 1, : rings + 1] = 0.3
    there[4 - rings : 5 + rings, 4 - rings : 5 + rings] = 0.8
    assert wide.dtype == np.float32
    assert np.array_equal(wide, there)
    assert not widen(np.zeros_like(strength), rings).any()


def test_smoothing_draws_nothing_in_from_outside_the_picture():
    scores = np.full(GRID, 100, dtype=np.float32)
    inside = np.zeros(GRID, dtype=bool)
    inside[3:11, 3:11] = True
    blurred = smooth(np.where(inside, np.float32(2), scores), inside, 1.5)
    assert np.allclose(blurred[inside], 2, atol=1e-5)
    assert np.isnan(blurred[~inside]).all()


@given(strengths)
@settings(max_examples=30)
def test_a_kept_hill_is_the_largest_piece_and_nothing_is_raised(strength):
    kept = keep_hills(strength, Side.NONE, make_placement())
    pieces, count = ndimage.label(strength >= 0.5, EIGHT)
    sizes = np.bincount(pieces.ravel(), minlength=2)[1:]
    assert (kept >= 0.5).sum() == (sizes.max() if count else 0)
    assert (kept <= strength).all()
    assert np.array_equal(kept[kept >= 0.5], strength[kept >= 0.5])


@given(strengths)
@settings(max_examples=30)
def test_keeping_twice_is_keeping_once(strength):
    once = keep_hills(strength, Side.BILATERAL, make_placement())
    assert np.array_equal(keep_hills(once, Side.BILATERAL, make_placement()), once)


def test_another_hill_is_worn_down_to_the_saddle():
    strength = np.zeros(GRID, dtype=np.float32)
    strength[7] = [0, 0.6, 0.9, 0.8, 0.6, 0.2, 0.1, 0.3, 0.7, 0.9, 0.2, 0, 0, 0]
    kept = keep_hills(strength, Side.NONE, make_placement())
    assert np.allclose(kept[7], [0, 0.6, 0.9, 0.8, 0.6, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0, 0, 0])


def test_where_bilateral_each_half_has_its_own_largest_hill():
    strength = np.zeros(GRID, dtype=np.float32)
    strength[3:6, 2:5], strength[8:12, 2:4], strength[4, 9], strength[10, 12] = 0.6, 0.8, 1, 1
    strength[4, 10] = 0.5
    kept = keep_hills(strength, Side.BILATERAL, make_placement())
    expected = np.zeros_like(strength)
    expected[3:6, 2:5], expected[4, 9], expected[4, 10] = 0.6, 1, 0.5
    assert np.array_equal(kept, expected)


@pytest.mark.parametrize(
    ("side", "columns"),
    [(Side.LEFT, "...xxx"), (Side.RIGHT, "xxx..."), (Side.BILATERAL, "xxxxxx"), (Side.NONE, "xxxxxx")],
)
def test_a_side_is_a_half_of_the_picture_and_not_of_the_canvas(side, columns):
    whole = cells_on_side((2, 6), side, make_placement(96))
    assert ["".join(".x"[int(cell)] for cell in row) for row in whole] == [columns] * 2
    narrow = cells_on_side((2, 6), side, make_placement(96, left=48, width=48))
    moved = {"...xxx": ".....x", "xxx...": "xxxxx."}.get(
        columns, columns
    )  # a centre on the midline: image left
    assert ["".join(".x"[int(cell)] for cell in row) for row in narrow] == [moved] * 2


@pytest.mark.parametrize(
    ("side", "agreeing"),
    [
        (Side.LEFT, ["...x", ".xxx", "..xx"]),
        (Side.RIGHT, ["x...", "x..x", "xx..", "xx.x"]),
        (Side.BILATERAL, ["x..x", ".xxx", "xx.x"]),
        (Side.NONE, ["x...", "...x", "x..x", ".xxx", "xx..", "..xx", "xx.x"]),
    ],
)
def test_a_mask_agrees_with_a_side_by_its_peak_and_most_of_its_cells(side, agreeing):
    masks = ["x...", "...x", "x..x", ".xxx", "xx..", "..xx", "xx.x"]
    scores = np.array([[3.0, 2.0, 1.0, 2.5]], np.float32)
    cells = {mask: np.array([[cell == "x" for cell in mask]]) for mask in masks}
    found = [m for m in masks if agrees_with_side(cells[m], scores, side, make_placement(96))]
    assert sorted(found) == sorted(agreeing)


heights = arrays(np.float32, (6, 7), elements=st.integers(0, 20).map(np.float32))


@given(heights, st.integers(0, 20), arrays(np.bool_, (6, 7)))
@settings(max_examples=60)
def test_a_region_grows_over_all_that_hangs_together_with_its_start_first(scores, threshold, usable):
    usable.flat[0] = True
    start = int(np.argmax(np.where(usable, scores, -1)))
    grown = grow(scores, usable, start, scores.size)
    assert grown[0] == start
    assert usable.ravel()[grown].all()
    assert len(set(grown.tolist())) == len(grown)
    low = np.flatnonzero(scores.ravel()[grown] < threshold)
    first = set(grown[: low[0] if low.size else None].tolist())
    labels = ndimage.label(usable & (scores >= threshold), EIGHT)[0].ravel()
    together = set(np.flatnonzero(labels == labels[start]).tolist()) if labels[start] else set()
    assert first == together


def test_a_region_stops_at_the_number_of_cells_that_it_may_have():
    scores = np.arange(42, dtype=np.float32).reshape(6, 7)
    assert grow(scores, np.ones((6, 7), dtype=bool), 41, 3).tolist() == [41, 40, 39]
