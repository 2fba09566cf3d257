import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.registration.maps import (
    apply_affine,
    compose,
    correlation,
    from_half,
    identity_map,
    invert,
    look_up,
    to_half,
)
from medcutmix_cli.registration.thumbnails import SIDE
from tests.thoraxes import thumbnail_places

EVERYWHERE = np.ones((SIDE, SIDE), np.float32)
seeds = st.integers(0, 10_000)


def noise(seed):
    return np.random.default_rng(seed).normal(size=(SIDE, SIDE)).astype(np.float32)


def moved(right, down):
    return apply_affine(np.array([[1, 0, right], [0, 1, down]], np.float32), identity_map())


def test_at_row_and_column_of_the_one_stands_x_and_y_of_the_other():
    places = moved(3, 1)
    assert places[10, 20].tolist() == [23, 11]
    values = noise(0)
    assert look_up(values, places)[10, 20] == values[11, 23]
    assert np.array_equal(look_up(values, identity_map()), values)


def test_outside_is_what_is_asked_for():
    values = noise(1)
    assert look_up(values, moved(-5, 0), outside=0)[8, 2] == 0
    assert look_up(values, moved(-5, 0), outside=None)[8, 2] == values[8, 0]
    between = look_up(values, moved(0.5, 0))
    assert between[8, 8] == pytest.approx((values[8, 8] + values[8, 9]) / 2, abs=1e-6)


def test_an_affine_takes_x_and_y_by_its_rows():
    affine = np.array([[2, 0.5, 1], [0, 3, -4]], np.float32)
    assert apply_affine(affine, identity_map())[5, 8].tolist() == [2 * 8 + 0.5 * 5 + 1, 3 * 5 - 4]


def test_composing_goes_where_the_first_leads_and_then_on():
    affine = np.array([[1.5, 0, 0], [0, 1, 0]], np.float32)
    stretched = apply_affine(affine, identity_map())
    assert compose(moved(4, 0), stretched)[30, 10].tolist() == [21, 30]
    assert compose(stretched, moved(4, 0))[30, 10].tolist() == [19, 30]
    one, other = moved(2, 1), moved(-1, 3)
    middle = (slice(8, -8), slice(8, -8))
    assert np.allclose(compose(one, other)[middle], moved(1, 4)[middle], atol=1e-4)


@given(seeds)
@settings(max_examples=25)
def test_there_and_back_is_where_it_was(seed):
    rng = np.random.default_rng(seed)
    matrix = np.eye(2, 3) + np.column_stack([rng.uniform(-0.15, 0.15, (2, 2)), rng.uniform(-4, 4, 2)])
    places = thumbnail_places(matrix, bend=rng.uniform(0, 1.5))
    middle = (SIDE - 1) / 2
    offset = matrix[:, 2] + middle - matrix[:, :2] @ [middle, middle]
    back = invert(places, np.column_stack([matrix[:, :2], offset]).astype(np.float32))
    again = compose(back, places)
    # Beyond the edge of a map nothing is known: only places whose way back lies on it are asked.
    known = ((back > 0) & (back < SIDE - 1)).all(axis=-1)
    missed = np.linalg.norm(again - identity_map(), axis=-1)[known]
    assert known.mean() > 0.4
    assert np.quantile(missed, 0.99) < 0.1
    assert missed.max() < 0.5


@given(seeds)
@settings(max_examples=20)
def test_the_correlation_is_that_of_the_books(seed):
    one, other = noise(seed), noise(seed + 1)
    mixed = one + other
    assert correlation(one, mixed, EVERYWHERE) == pytest.approx(
        np.corrcoef(one.ravel(), mixed.ravel())[0, 1], abs=1e-5
    )
    half = EVERYWHERE.copy()
    half[:, 32:] = 0
    expected = np.corrcoef(one[:, :32].ravel(), mixed[:, :32].ravel())[0, 1]
    assert correlation(one, mixed, half) == pytest.approx(expected, abs=1e-5)
    assert correlation(one, 3 * one + 7, half) == pytest.approx(1, abs=1e-5)
    assert correlation(one, -one, EVERYWHERE) == pytest.approx(-1, abs=1e-5)


def test_nothing_that_is_weighed_or_that_varies_correlates_with_nothing():
    assert correlation(noise(0), noise(0), 0 * EVERYWHERE) == 0
    assert correlation(noise(0), EVERYWHERE, EVERYWHERE) == 0


@given(seeds)
def test_an_affine_of_half_the_size_takes_a_place_where_the_whole_one_does(seed):
    rng = np.random.default_rng(seed)
    whole = (np.eye(2, 3) + rng.normal(0, 0.2, (2, 3)) * [1, 1, 20]).astype(np.float32)
    halved = to_half(whole)
    place = rng.uniform(0, SIDE, 2)
    small = (
        halved[:, :2] @ ((place - 0.5) / 2) + halved[:, 2]
    )  # two pixels are one: the centre of 0 and 1 is 0.5
    assert np.allclose(2 * small + 0.5, whole[:, :2] @ place + whole[:, 2], atol=1e-3)
    assert np.allclose(from_half(halved), whole, atol=1e-4)


def test_the_map_of_each_place_to_itself_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        identity_map()[0, 0] = 1
