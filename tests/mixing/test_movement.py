"""Pixels, marks, masks, scores, energies and features of one donor come to one place; without a warp as ever."""

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medcutmix_cli.attention import cells_inside
from medcutmix_cli.mixing.movement import IN_ITS_PLACE, Movement, in_picture, movement_of
from medcutmix_cli.mixing.shifts import Shift, shift_array, shift_placement
from medcutmix_cli.records import Cut, Warp
from medcutmix_cli.registration.warps import CELLS
from tests.builders import make_placement

CANVAS, GRID = 224, 14
CELL = CANVAS // GRID
WHOLE = make_placement(CANVAS)

seeds = st.integers(0, 10_000)


def make_warp(affine=((1, 0, 0), (0, 1, 0)), field=None):
    empty = np.zeros((CELLS, CELLS, 2), np.float16)
    return Warp(np.array(affine, np.float32), empty if field is None else field.astype(np.float16))


def smooth_warp(seed, size=0.05):
    """Return a warp as those of two thoraxes: about the middle, scaled, turned and bent a little."""
    rng = np.random.default_rng(seed)
    linear = np.eye(2) + rng.uniform(-0.15, 0.15, (2, 2)) * [[1, 0.3], [0.3, 1]]
    offset = 0.5 - linear @ [0.5, 0.5] + rng.uniform(-size, size, 2)
    bend = cv2.GaussianBlur(rng.normal(size=(CELLS, CELLS, 2)), (0, 0), 5)
    return make_warp(np.column_stack([linear, offset]), bend / np.abs(bend).max() * size / 2)


def by(down, right):
    """Move by whole cells and nothing else."""
    return Movement().with_shift(Shift(down, right), CANVAS, (GRID, GRID))


def square(rows, columns):
    mask = np.zeros((GRID, GRID), dtype=bool)
    mask[rows, columns] = True
    return mask


def pixels_of(mask):
    return np.kron(mask, np.ones((CELL, CELL))).astype(bool)


def by_cell(values):
    return cv2.resize(values.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)


SQUARE = square(slice(5, 9), slice(4, 8))


def test_without_a_warp_everything_is_shifted_exactly():
    rng = np.random.default_rng(0)
    movement = by(2, -3)
    pixels = rng.integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    values = rng.normal(size=(GRID, GRID)).astype(np.float32)
    features = rng.normal(size=(GRID, GRID, 5)).astype(np.float32)
    marks = rng.random((CANVAS, CANVAS)) < 0.1
    box = slice(40, 90), slice(8, 200)
    assert np.array_equal(movement.move_pixels(pixels), shift_array(pixels, 32, -48))
    assert np.array_equal(movement.move_pixels(pixels, box), shift_array(pixels, 32, -48)[box])
    assert np.array_equal(movement.move_marks(marks), shift_array(marks, 32, -48))
    assert np.array_equal(movement.move_mask(SQUARE), shift_array(SQUARE, 2, -3))
    assert np.array_equal(movement.move_values(values), shift_array(values, 2, -3))
    assert np.array_equal(movement.move_values(features), shift_array(features, 2, -3))
    assert np.array_equal(
        movement.move_energy(values.astype(float)), shift_array(values.astype(float), 2, -3)
    )
    assert np.array_equal(
        movement.move_scores(values), shift_array(values, 2, -3, fill=np.nan), equal_nan=True
    )
    at = make_placement(CANVAS, left=32, width=160)
    moved = shift_placement(at, 32, -48)
    assert np.array_equal(movement.inside(at), in_picture(moved))
    assert np.array_equal(movement.inside_cells(at, (GRID, GRID)), cells_inside(moved, (GRID, GRID)))


def test_a_donor_that_stays_is_taken_as_it_is():
    pixels = np.random.default_rng(1).integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    assert np.array_equal(IN_ITS_PLACE.move_pixels(pixels), pixels)
    assert np.array_equal(IN_ITS_PLACE.move_mask(SQUARE), SQUARE)


def test_a_warp_that_does_nothing_changes_nothing():
    rng = np.random.default_rng(2)
    still = Movement(make_warp())
    pixels = rng.integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    values = rng.normal(size=(GRID, GRID)).astype(np.float32)
    assert np.array_equal(still.move_pixels(pixels), pixels)
    assert np.allclose(still.move_values(values), values, atol=1e-5)
    assert np.allclose(still.move_energy(values.astype(float)), values, atol=1e-5)
    assert np.array_equal(still.move_mask(SQUARE), SQUARE)
    inside = still.inside(WHOLE)
    assert inside[1:-1, 1:-1].all()
    assert still.inside_cells(WHOLE, (GRID, GRID)).all()


def test_a_warp_of_whole_cells_is_a_shift():
    """The donor's place is the recipient's, two cells up and three to the right: it comes down and to the left."""
    warped = Movement(make_warp([[1, 0, 3 / GRID], [0, 1, -2 / GRID]]))
    pixels = np.random.default_rng(3).integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    values = np.random.default_rng(4).normal(size=(GRID, GRID)).astype(np.float32)
    expected = by(2, -3)
    assert np.array_equal(warped.move_mask(SQUARE), expected.move_mask(SQUARE))
    assert np.allclose(warped.move_values(values), expected.move_values(values), atol=1e-5)
    moved, known = warped.move_pixels(pixels), expected.move_pixels(pixels)
    margin = 8  # taps reach over the donor's edge
    inner = slice(32 + margin, -margin), slice(margin, -48 - margin)
    assert np.array_equal(moved[inner], known[inner])
    assert not moved[: 32 - margin].any()


@given(seeds, st.sampled_from([(0, 0), (1, 0), (-2, 2)]))
@example(363, (0, 0))  # reaches one pixel beyond the blocks
@settings(max_examples=25, deadline=None)
def test_pixels_and_cells_of_one_square_come_to_one_place(seed, step):
    movement = Movement(smooth_warp(seed)).with_shift(Shift(*step), CANVAS, (GRID, GRID))
    bright = movement.move_pixels(pixels_of(SQUARE).astype(np.uint8) * 255) > 127
    share = by_cell(bright)
    mask, values = movement.move_mask(SQUARE), movement.move_values(SQUARE.astype(np.float32))
    assert (mask == (share >= 0.5)).mean() > 0.96
    assert np.array_equal(mask, values >= 0.5)
    assert np.abs(values - share).mean() < 0.03
    marks = movement.move_marks(pixels_of(SQUARE))
    assert marks[bright].all()  # all that one reaches, and little else
    assert marks.sum() < 1.4 * bright.sum()


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_scores_energies_and_features_of_one_hill_come_to_one_place(seed):
    movement = Movement(smooth_warp(seed))
    y, x = np.mgrid[:GRID, :GRID]
    hill = np.exp(-((y - 6) ** 2 + (x - 7) ** 2) / 6).astype(np.float32)
    features = np.dstack([hill, 2 * hill])
    found = movement.move_values(features)
    values = movement.move_values(hill)
    assert np.allclose(found[..., 0], values)
    assert np.allclose(found[..., 1], 2 * values, atol=1e-6)
    scores, energy = movement.move_scores(hill), movement.move_energy(hill.astype(np.float64))
    known = np.isfinite(scores)
    assert known[4:-4, 4:-4].all()
    assert np.allclose(scores[3:-3, 3:-3], values[3:-3, 3:-3], atol=1e-5)
    peaks = [np.unravel_index(np.nanargmax(each), each.shape) for each in (scores, values)]
    assert peaks[0] == peaks[1]
    assert _middle(energy) == pytest.approx(_middle(values), abs=0.5)


def _middle(values):
    y, x = np.mgrid[:GRID, :GRID]
    return ((values * y).sum() / values.sum(), (values * x).sum() / values.sum())


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_stretching_adds_nothing_to_an_energy_that_stays_on_the_canvas(seed):
    movement = Movement(smooth_warp(seed))
    y, x = np.mgrid[:GRID, :GRID]
    hill = np.exp(-((y - 6.5) ** 2 + (x - 6.5) ** 2) / 6)
    moved = movement.move_energy(hill)
    assert moved.sum() == pytest.approx(hill.sum(), rel=0.05)
    assert (moved >= 0).all()


@pytest.mark.parametrize("scale", [0.75, 1.3])
def test_what_is_larger_holds_as_much_and_is_weaker_nowhere(scale):
    """A donor that is enlarged fills more cells with the same energy; its values stay what they were."""
    offset = 0.5 - 0.5 * scale
    movement = Movement(make_warp([[scale, 0, offset], [0, scale, offset]]))
    y, x = np.mgrid[:GRID, :GRID]
    hill = np.exp(-((y - 6.5) ** 2 + (x - 6.5) ** 2) / 8)
    assert movement.move_energy(hill).sum() == pytest.approx(hill.sum(), rel=0.04)
    values = movement.move_values(hill.astype(np.float32))
    assert values.sum() == pytest.approx(hill.sum() / scale**2, rel=0.04)


def test_what_leaves_the_canvas_is_lost():
    movement = Movement(make_warp([[1, 0, 0.5], [0, 1, 0]]))
    energy = np.zeros((GRID, GRID))
    energy[:, :5] = 1
    assert movement.move_energy(energy).sum() == 0
    assert not movement.move_mask(energy > 0).any()
    assert np.isnan(movement.move_scores(energy.astype(np.float32))[:, 8:]).all()


def test_cells_without_a_score_have_none_where_they_come_to():
    scores = np.ones((GRID, GRID), np.float32)
    scores[:, :4] = np.nan
    moved = Movement(make_warp([[1, 0, 2 / GRID], [0, 1, 0]])).move_scores(scores)
    assert np.isnan(moved[:, :2]).all()
    assert (moved[:, 2:12] == 1).all()
    assert np.isnan(moved[:, 12:]).all()


def test_where_the_donor_has_no_picture_nothing_of_it_comes():
    at = make_placement(CANVAS, left=64, width=96)
    warp = smooth_warp(5)
    pixels = np.zeros((CANVAS, CANVAS), np.uint8)
    pixels[:, 64:160] = 200
    movement = Movement(warp)
    inside, moved = movement.inside(at), movement.move_pixels(pixels)
    assert (moved[inside] > 90).all()
    edge = cv2.dilate(inside.astype(np.uint8), np.ones((15, 15))) > 0
    assert not moved[~edge].any()
    cells = movement.inside_cells(at, (GRID, GRID))
    assert (cells == (by_cell(inside) >= 0.5)).mean() > 0.97


def test_a_box_is_a_part_of_the_whole():
    pixels = np.random.default_rng(6).integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    box = slice(30, 101), slice(55, 190)
    for step in ((0, 0), (2, -1)):
        movement = Movement(smooth_warp(6)).with_shift(Shift(*step), CANVAS, (GRID, GRID))
        assert np.array_equal(movement.move_pixels(pixels, box), movement.move_pixels(pixels)[box])
        assert np.array_equal(movement.inside(WHOLE, box), movement.inside(WHOLE)[box])


def test_a_shift_comes_after_the_warp():
    warp, pixels = smooth_warp(7), np.random.default_rng(7).integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    values = np.random.default_rng(8).normal(size=(GRID, GRID)).astype(np.float32)
    both = Movement(warp).with_shift(Shift(1, 2), CANVAS, (GRID, GRID))
    assert np.array_equal(both.move_pixels(pixels), shift_array(Movement(warp).move_pixels(pixels), 16, 32))
    assert np.array_equal(both.move_values(values), shift_array(Movement(warp).move_values(values), 1, 2))
    assert np.array_equal(both.inside_cells(WHOLE, (GRID, GRID)),
        shift_array(Movement(warp).inside_cells(WHOLE, (GRID, GRID)), 1, 2))  # fmt: skip


def test_a_stored_cut_says_how_its_donor_came():
    warp, mask = smooth_warp(9), np.ones((GRID, GRID), dtype=bool)
    cut = Cut(mask, mask, mask, mask.astype(np.float16), "nearest", 1.0, 0.0, 32, -16, warp)
    found = movement_of(cut, CANVAS)
    assert (found.warp, found.shift, found.down, found.right) == (warp, Shift(2, -1), 32, -16)


def test_labels_are_those_of_the_nearest_pixel():
    movement = Movement(smooth_warp(10)).with_shift(Shift(1, -1), CANVAS, (GRID, GRID))
    mask = pixels_of(SQUARE)
    found, bright = movement.move_labels(mask), movement.move_pixels(mask.astype(np.uint8) * 255) > 127
    assert found.dtype == np.bool_
    assert (found == bright).mean() > 0.995
    assert np.array_equal(by(1, -1).move_labels(mask), shift_array(mask, 16, -16))
