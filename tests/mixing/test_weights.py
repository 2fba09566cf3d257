import math

import numpy as np
import pytest

from medcutmix_cli.mixing.weights import image_weights, label_targets

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
        pytest.param(0.0, 1.0, 1.0, 0.25, id="recipient-without-donor-with"),
        pytest.param(-1.0, 1.0, 1.0, 0.625, id="uncertain-counts-half"),
        pytest.param(1.0, NAN, NAN, NAN, id="no-longer-said-so-no-target"),
        pytest.param(0.0, 0.0, 0.0, 0.0, id="both-deny-it"),
    ],
)
def test_label_targets_follow_the_text(recipient, given, mixed, expected):
    (target,) = label_targets((recipient,), (given,), (mixed,), lam=0.75)
    assert target == pytest.approx(expected, nan_ok=True)


def test_a_parent_of_weight_zero_still_decides_what_it_alone_says():
    assert label_targets((NAN,), (1.0,), (1.0,), lam=1.0) == (1.0,)
