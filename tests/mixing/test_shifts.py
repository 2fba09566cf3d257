import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.mixing.shifts import IN_PLACE, Shift, cells_of, shift_array, shift_placement
from tests.builders import make_placement

steps = st.integers(-9, 9)


@given(steps, steps)
def test_what_stays_on_the_grid_is_found_where_it_was_moved(rows, columns):
    array = np.arange(1, 50).reshape(7, 7)
    result = shift_array(array, rows, columns)
    for y, x in np.ndindex(7, 7):
        there = 0 <= y - rows < 7 and 0 <= x - columns < 7
        assert result[y, x] == (array[y - rows, x - columns] if there else 0)


@given(steps, steps, st.sampled_from([7, 14, 15, 24, 32]), st.sampled_from([112, 448, 1008]))
def test_a_stored_shift_is_read_back_as_the_same_cells(rows, columns, grid, canvas):
    shift = Shift(rows, columns)
    assert cells_of(*shift.pixels(canvas, (grid, grid)), canvas, (grid, grid)) == shift


def test_a_shift_moves_whole_patches():
    assert Shift(2, -3).pixels(448, (28, 28)) == (32, -48)
    assert IN_PLACE.pixels(448, (28, 28)) == (0, 0)


@pytest.mark.parametrize("fill", [0, 7])
def test_what_opens_is_filled(fill):
    assert shift_array(np.ones((2, 2), int), 1, 0, fill).tolist() == [[fill, fill], [1, 1]]


def test_a_moved_placement_keeps_its_size():
    placement = make_placement(left=10, width=50)
    there = shift_placement(placement, -5, 20)
    assert (there.top, there.left, there.width, there.height) == (-5, 30, 50, 112)
