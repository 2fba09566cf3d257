"""Places are shares of the canvas, pixel centres at (i + 0.5) / C; a warp is read backwards (`records.Warp`)."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.records import Warp
from medcutmix_cli.registration.maps import apply_affine, identity_map
from medcutmix_cli.registration.thumbnails import SIDE
from medcutmix_cli.registration.warps import CELLS, donor_places, pixel_places, sample, to_warp, warp_places
from tests.thoraxes import thumbnail_places

EVERYWHERE = np.ones((SIDE, SIDE), np.float32)
STRAIGHT = np.eye(2, 3, dtype=np.float32)


def plain(affine=STRAIGHT, field=None):
    empty = np.zeros((CELLS, CELLS, 2), np.float16)
    return Warp(np.array(affine, np.float32), empty if field is None else np.array(field, np.float16))


def shares(places):
    return (places + 0.5) / SIDE


def test_a_warp_that_does_nothing_leads_each_cell_to_its_own_centre():
    places = warp_places(plain(), 2, 4)
    assert places[..., 0].tolist() == [[0.125, 0.375, 0.625, 0.875]] * 2
    assert places[..., 1].tolist() == [[0.25] * 4, [0.75] * 4]


def test_the_affine_takes_x_and_y_of_the_recipient_to_those_of_the_donor():
    places = warp_places(plain([[0.5, 0, 0.25], [0.125, 1, -0.5]]), 2, 4)
    assert places[1, 3].tolist() == [0.5 * 0.875 + 0.25, 0.125 * 0.875 + 0.75 - 0.5]


def test_the_field_is_read_between_the_centres_of_its_cells_and_stays_beyond_the_outermost():
    field = np.zeros((2, 2, 2))
    field[:, 1, 0] = 0.25  # the right half looks farther right
    field[1, :, 1] = -0.5  # the lower half looks farther up
    places = warp_places(plain(field=field), 8, 8) - warp_places(plain(), 8, 8)
    # Centres of the field lie at 1/4 and 3/4, those of the eight cells at 1/16, 3/16 ...
    along = [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1]
    assert places[0, :, 0].tolist() == pytest.approx([0.25 * share for share in along])
    assert places[:, 0, 1].tolist() == pytest.approx([-0.5 * share for share in along])


@given(st.integers(0, 1000), st.sampled_from([(7, 7), (14, 14), (37, 37), (32, 32), (224, 224), (5, 9)]))
@settings(max_examples=25)
def test_every_grid_reads_the_same_field(seed, grid):
    rng = np.random.default_rng(seed)
    warp = plain(STRAIGHT + rng.normal(0, 0.1, (2, 3)), rng.normal(0, 0.05, (CELLS, CELLS, 2)))
    own = warp_places(plain(), *grid)
    expected = own @ warp.affine[:, :2].T + warp.affine[:, 2] + sample(warp.field.astype(np.float32), own)
    assert np.allclose(warp_places(warp, *grid), expected, atol=2e-6)


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_a_smooth_map_comes_back_from_storage_to_a_quarter_of_a_thumbnail_pixel(seed):
    """What is stored is smoothed (sigma 2.5 pixels), so a bend of two pixels loses a tenth of itself."""
    rng = np.random.default_rng(seed)
    matrix = np.eye(2, 3) + np.column_stack([rng.uniform(-0.2, 0.2, (2, 2)), rng.uniform(-8, 8, 2)])
    places = thumbnail_places(matrix, bend=rng.uniform(0, 2))
    warp = to_warp(places, EVERYWHERE, elastic=True)
    off = np.abs(warp_places(warp, SIDE, SIDE) - shares(places)) * SIDE
    assert (warp.affine.dtype, warp.field.dtype) == (np.float32, np.float16)
    assert warp.field.shape == (CELLS, CELLS, 2)
    assert off[6:-6, 6:-6].max() < 0.25
    assert off.max() < 0.6  # beyond the edge there is nothing to smooth with


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_rounding_to_half_precision_costs_a_twentieth_of_a_pixel_of_the_canvas(seed):
    field = np.random.default_rng(seed).uniform(-0.12, 0.12, (CELLS, CELLS, 2))
    assert np.abs(field.astype(np.float16) - field).max() * 448 < 0.05


def test_the_affine_part_of_a_map_is_found_and_nothing_is_left_for_the_field():
    affine = np.array([[1.1, 0.05, 3], [-0.04, 0.9, -2]], np.float32)
    warp = to_warp(apply_affine(affine, identity_map()), EVERYWHERE, elastic=True)
    assert np.allclose(warp.affine[:, :2], affine[:, :2], atol=1e-5)
    moved = affine @ np.array([SIDE / 2 - 0.5, SIDE / 2 - 0.5, 1])
    assert np.allclose(warp.affine @ [0.5, 0.5, 1], (moved + 0.5) / SIDE, atol=1e-5)
    assert np.abs(warp.field).max() < 1e-5


def test_a_place_that_does_not_count_does_not_move_the_affine():
    places = identity_map().copy()
    places[:, 40:] += 9
    weight = EVERYWHERE.copy()
    weight[:, 40:] = 0
    assert np.allclose(to_warp(places, weight, elastic=False).affine, STRAIGHT, atol=1e-5)
    assert not np.allclose(to_warp(places, EVERYWHERE, elastic=False).affine, STRAIGHT, atol=1e-2)


def test_where_nothing_counts_all_does():
    places = thumbnail_places(np.array([[1.1, 0, 2], [0, 1, 1]]))
    found = to_warp(places, 0 * EVERYWHERE, elastic=True)
    assert np.allclose(found.affine, to_warp(places, EVERYWHERE, elastic=True).affine)


def test_without_the_rest_the_field_is_zero():
    warp = to_warp(thumbnail_places(np.eye(2, 3), bend=2), EVERYWHERE, elastic=False)
    assert not warp.field.any()


def test_sampling_is_bilinear_between_centres_and_constant_beyond():
    values = np.array([[0, 1], [2, 3]], np.float32)
    places = np.array([[0.25, 0.25], [0.75, 0.25], [0.5, 0.5], [0.0, 0.75], [1.4, 2.0]], np.float32)
    assert sample(values, places).tolist() == [0, 1, 1.5, 2, 3]
    deep = np.dstack([values, -values])
    assert sample(deep, places).tolist() == [[v, -v] for v in (0, 1, 1.5, 2, 3)]


@given(st.integers(0, 1000))
@settings(max_examples=15)
def test_a_part_of_a_grid_is_that_part_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    warp = plain(STRAIGHT + rng.normal(0, 0.1, (2, 3)), rng.normal(0, 0.05, (CELLS, CELLS, 2)))
    box = slice(5, 19), slice(0, 30)
    assert np.array_equal(warp_places(warp, 40, 37, box), warp_places(warp, 40, 37)[box])


@given(st.integers(0, 1000))
@settings(max_examples=15)
def test_any_place_is_looked_up_as_those_of_a_grid_are(seed):
    rng = np.random.default_rng(seed)
    warp = plain(STRAIGHT + rng.normal(0, 0.1, (2, 3)), rng.normal(0, 0.05, (CELLS, CELLS, 2)))
    assert np.allclose(donor_places(warp, warp_places(plain(), 14, 9)), warp_places(warp, 14, 9), atol=2e-6)
    outside = donor_places(warp, np.array([[-1.0, 0.5]], np.float32))
    assert np.allclose(outside, warp.affine @ [-1, 0.5, 1] + sample(warp.field.astype(np.float32),
        np.array([0.0, 0.5], np.float32)), atol=1e-5)  # fmt: skip


def test_what_is_not_trusted_goes_where_its_surroundings_go():
    """The edge of an effusion looks like a diaphragm: what registration makes of it is no anatomy."""
    places = identity_map().copy()
    places[26:38, 26:38] += 6
    trusted = EVERYWHERE.copy()
    trusted[24:40, 24:40] = 0
    found, believed = (to_warp(places, weight, elastic=True) for weight in (trusted, EVERYWHERE))
    middle = slice(28, 36), slice(28, 36)
    off, moved = (
        np.abs(warp_places(w, SIDE, SIDE) - shares(identity_map()))[middle] * SIDE for w in (found, believed)
    )
    assert off.max() < 0.3
    assert moved.min() > 3


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_places_in_pixels_are_those_in_shares_and_are_looked_up_once(seed):
    rng = np.random.default_rng(seed)
    warp = plain(STRAIGHT + rng.normal(0, 0.1, (2, 3)), rng.normal(0, 0.05, (CELLS, CELLS, 2)))
    box = slice(3, 30), slice(11, 40)
    x, y = pixel_places(warp, 40, box)
    assert np.allclose(np.dstack([x, y]), warp_places(warp, 40, 40, box) * 40 - 0.5, atol=1e-5)
    assert all(one is other for one, other in zip((x, y), pixel_places(warp, 40, box), strict=True))
    with pytest.raises(ValueError, match="read-only"):
        x[0, 0] = 1


def test_what_was_looked_up_goes_with_its_warp():
    warp = plain(STRAIGHT, np.zeros((CELLS, CELLS, 2)))
    gone = weakref.ref(warp_places(warp, 8, 8))
    assert gone() is not None
    del warp
    gc.collect()
    assert gone() is None
