import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given as drawn_from
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.mixing.movement import Movement
from medcutmix_cli.mixing.shifts import Shift, shift_array
from medcutmix_cli.mixing.weights import (
    image_area,
    image_mass,
    image_transmix,
    image_weights,
    label_targets,
)
from medcutmix_cli.records import Warp
from medcutmix_cli.registration.warps import CELLS

GRID = (14, 14)
NAN = math.nan


def flat_map():
    return np.zeros(GRID, dtype=np.float32)


def test_an_empty_mask_leaves_the_recipient_whole():
    weights = image_weights(0.0, np.zeros(GRID, np.float16), flat_map(), flat_map())
    assert (weights.area, weights.mass, weights.transmix, weights.mass_got_b) == (1.0, 1.0, 1.0, 0.0)


def test_a_full_mask_leaves_nothing_of_the_recipient():
    weights = image_weights(1.0, np.ones(GRID, np.float16), flat_map(), flat_map())
    shares = (weights.area, weights.mass, weights.transmix, weights.mass_got_b)
    assert shares == pytest.approx((0.0, 0.0, 0.0, 1.0))


@pytest.mark.parametrize("energy", ["softmax", "relu", "decoder"])
@pytest.mark.parametrize("level", [-3.0, 3.0], ids=["nowhere-positive", "positive"])
def test_every_reading_keeps_all_of_an_empty_mask_and_nothing_of_a_full_one(energy, level):
    rng = np.random.default_rng(3)
    a, b = (np.float32(level) + rng.random(GRID, dtype=np.float32) for _ in range(2))
    empty = image_weights(0.0, np.zeros(GRID, np.float16), a, b, energy)
    full = image_weights(1.0, np.ones(GRID, np.float16), a, b, energy)
    assert (empty.area, empty.mass, empty.transmix) == pytest.approx((1.0, 1.0, 1.0))
    assert (full.area, full.mass, full.transmix) == pytest.approx((0.0, 0.0, 0.0))


def test_a_map_without_positive_evidence_counts_as_flat():
    half = np.zeros(GRID, np.float16)
    half[:7] = 1
    weights = image_weights(0.5, half, flat_map() - 2, flat_map() - 1, "relu")
    assert [weights.mass, weights.transmix] == pytest.approx([0.5, 0.5])


def test_flat_maps_and_half_a_mask_give_one_half_everywhere():
    half = np.zeros(GRID, np.float16)
    half[:7] = 1
    weights = image_weights(0.5, half, flat_map(), flat_map())
    assert [weights.area, weights.mass, weights.transmix] == pytest.approx([0.5, 0.5, 0.5])


def test_one_mask_reads_differently_by_area_and_by_mass():
    mask = np.zeros(GRID, np.float16)
    mask[2:4, 2:4] = 1
    peaked = flat_map()
    peaked[2:4, 2:4] = 8.0
    weights = image_weights(4 / 196, mask, peaked, peaked)
    assert weights.area > 0.97
    assert weights.mass < 0.1


def test_swapping_the_parents_and_the_mask_swaps_the_shares():
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=GRID).astype(np.float32) for _ in range(2))
    mask = (rng.random(GRID) < 0.3).astype(np.float16)
    one = image_weights(float(mask.mean()), mask, a, b)
    other = image_weights(float(1 - mask.mean()), (1 - mask).astype(np.float16), b, a)
    assert one.mass + other.mass == pytest.approx(1.0)
    assert one.transmix + other.transmix == pytest.approx(1.0)
    assert one.area + other.area == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("recipient", "given", "mixed", "expected"),
    [
        pytest.param(1.0, 1.0, 1.0, 1.0, id="both-have-it-so-it-does-not-soften"),
        pytest.param(1.0, NAN, 1.0, 1.0, id="only-the-recipient-says-it"),
        pytest.param(NAN, 1.0, 1.0, 1.0, id="only-the-donor-says-it"),
        pytest.param(0.0, 1.0, 1.0, 1.0, id="a-denial-that-left-the-report-does-not-count"),
        pytest.param(0.0, 1.0, -1.0, 0.25, id="both-stand-in-a-report-that-is-of-two-minds"),
        pytest.param(-1.0, 1.0, 1.0, 1.0, id="a-doubt-about-another-lesion-does-not-count"),
        pytest.param(1.0, NAN, 0.0, 0.0, id="what-left-does-not-count-where-the-rest-denies-it"),
        pytest.param(1.0, NAN, -1.0, 0.5, id="what-left-does-not-count-where-another-is-doubted"),
        pytest.param(-1.0, NAN, -1.0, 0.5, id="uncertain-counts-half"),
        pytest.param(1.0, NAN, NAN, NAN, id="no-longer-said-so-no-target"),
        pytest.param(0.0, 0.0, 0.0, 0.0, id="both-deny-it"),
    ],
)
def test_label_targets_follow_the_text(recipient, given, mixed, expected):
    (target,) = label_targets((recipient,), (given,), (mixed,), lam=0.75)
    assert target == pytest.approx(expected, nan_ok=True)


def test_a_parent_of_weight_zero_still_decides_what_it_alone_says():
    assert label_targets((NAN,), (1.0,), (1.0,), lam=1.0) == (1.0,)


NO_MAP = np.full(GRID, NAN, np.float32)
maps = arrays(np.float32, GRID, elements=st.floats(-20, 20, width=16))
grids = arrays(np.float16, GRID, elements=st.floats(0, 1, width=16))
energies = st.sampled_from(["softmax", "relu", "decoder"])
steps = st.builds(Shift, st.integers(-3, 3), st.integers(-3, 3))


@drawn_from(maps, maps, grids, energies, steps)
def test_every_weight_is_a_share_whatever_the_maps(map_a, map_b, grid, energy, shift):
    area = float(grid.mean(dtype=np.float64))
    weights = image_weights(area, grid, map_a, map_b, energy, Movement(shift=shift))
    assert all(0.0 <= value <= 1.0 for value in astuple(weights))


@drawn_from(maps, maps, grids, energies)
def test_kept_and_lost_sum_to_the_whole_map(map_a, map_b, grid, energy):
    kept = image_weights(0.0, grid, map_a, map_b, energy).mass_kept_a
    lost = image_weights(0.0, grid, map_b, map_a, energy).mass_got_b
    assert kept + lost == pytest.approx(1.0)


@drawn_from(maps, maps, grids, energies)
def test_swapping_parents_and_weights_swaps_every_share(map_a, map_b, grid, energy):
    grid = np.round(grid * 256) / np.float16(256)  # so that float16 holds 1 - w as well
    turned = (1 - grid).astype(np.float16)
    area = float(grid.mean(dtype=np.float64))
    one, two = (
        image_weights(area, grid, map_a, map_b, energy),
        image_weights(1 - area, turned, map_b, map_a, energy),
    )
    assert one.area + two.area == pytest.approx(1.0)
    assert one.transmix + two.transmix == pytest.approx(1.0)
    assert one.mass_kept_a == pytest.approx(two.mass_got_b)
    if one.mass_kept_a + one.mass_got_b > 1e-6:
        assert one.mass + two.mass == pytest.approx(1.0)


@drawn_from(maps)
def test_equal_parents_mixed_half_and_half_weigh_half(scores):
    half = np.full(GRID, 0.5, np.float16)
    weights = image_weights(0.5, half, scores, scores)
    assert (weights.area, weights.mass, weights.transmix) == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.parametrize("missing", ["recipient", "donor", "both"])
def test_without_a_map_the_mass_is_the_area(missing):
    quarter = np.zeros(GRID, np.float16)
    quarter[:7, :7] = 1
    map_a = NO_MAP if missing in ("recipient", "both") else peak_at(3, 3)
    map_b = NO_MAP if missing in ("donor", "both") else peak_at(3, 3)
    weights = image_weights(0.25, quarter, map_a, map_b)
    assert (weights.area, weights.mass, weights.transmix) == (0.75, 0.75, 0.75)
    assert weights.mass_kept_a == (0.75 if missing != "donor" else pytest.approx(0.0, abs=1e-3))
    assert weights.mass_got_b == (0.25 if missing != "recipient" else pytest.approx(1.0, abs=1e-3))


def peak_at(row, column):
    scores = np.full(GRID, -9, np.float32)
    scores[row, column] = 9
    return scores


@drawn_from(maps, maps, steps)
def test_a_moved_donor_weighs_as_its_moved_energy_does(map_a, map_b, shift):
    mask = np.zeros(GRID, np.float16)
    mask[4:10, 4:10] = 1
    got = image_weights(0.2, mask, map_a, map_b, "softmax", Movement(shift=shift)).mass_got_b
    source = shift_array(mask, -shift.rows, -shift.columns)
    assert got == pytest.approx(image_weights(0.2, source, map_a, map_b).mass_got_b)


@pytest.mark.parametrize("scale", [0.6, 0.8, 1.25])
@pytest.mark.parametrize("place", [(4, 4), (6, 7), (7, 9)])
def test_the_mass_is_the_share_of_what_is_stored_where_a_map_was_stretched(scale, place):
    offset = 0.5 - 0.5 * scale
    affine = np.array([[scale, 0, offset], [0, scale, offset]], np.float32)
    movement = Movement(Warp(affine, np.zeros((CELLS, CELLS, 2), np.float16)))
    weights = image_weights(
        0.9, np.ones(GRID, np.float16), peak_at(0, 0), peak_at(*place), "softmax", movement
    )
    assert weights.mass == pytest.approx(weights.mass_kept_a / (weights.mass_kept_a + weights.mass_got_b))
    part = image_weights(
        0.5, np.full(GRID, 0.99, np.float16), peak_at(1, 1), peak_at(*place), "softmax", movement
    )
    assert part.mass == pytest.approx(part.mass_kept_a / (part.mass_kept_a + part.mass_got_b), rel=1e-9)


def test_each_name_gives_its_own_weight():
    weights = image_weights(0.25, np.full(GRID, 0.25, np.float16), peak_at(1, 1), peak_at(2, 2))
    assert [image_area(weights), image_mass(weights), image_transmix(weights)] == list(astuple(weights)[:3])


label_values = st.sampled_from([1.0, 0.0, -1.0, NAN])


@drawn_from(label_values, label_values, label_values, st.floats(0, 1))
def test_a_label_target_is_a_share_or_is_not_there(recipient, donor, mixed, lam):
    (target,) = label_targets((recipient,), (donor,), (mixed,), lam)
    assert math.isnan(target) if math.isnan(mixed) else 0.0 <= target <= 1.0


@drawn_from(label_values, label_values, st.sampled_from([0.0, 1.0]), st.floats(0, 1))
def test_a_target_is_never_against_what_the_mixed_report_says(recipient, donor, mixed, lam):
    assert label_targets((recipient,), (donor,), (mixed,), lam) == (mixed,)


@drawn_from(label_values, label_values, st.floats(0, 1))
def test_swapping_the_parents_of_a_label_swaps_its_weight(first, second, lam):
    one = label_targets((first,), (second,), (1.0,), lam)
    two = label_targets((second,), (first,), (1.0,), 1 - lam)
    if 1e-9 < lam < 1 - 1e-9:
        assert one == pytest.approx(two)
