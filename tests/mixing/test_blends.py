import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.mixing.blends.alpha import Alpha
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.blends.hard import Hard

strengths = arrays(np.float32, (6, 6), elements=st.floats(0, 1, width=16))


def generator(seed=0):
    return np.random.default_rng(seed)


every_blend = pytest.mark.parametrize("blend", [Feather(), Hard(), Alpha()], ids=["feather", "hard", "alpha"])


@every_blend
@given(strengths)
def test_weights_are_shares_as_they_are_stored(blend, strength):
    weights = blend.soften(strength, generator())
    assert weights.dtype == np.float16
    assert ((weights >= 0) & (weights <= 1)).all()


@every_blend
def test_a_mask_and_its_strength_are_softened_alike(blend):
    mask = np.eye(6, dtype=bool)
    assert np.array_equal(blend.soften(mask, generator()), blend.soften(mask.astype(np.float32), generator()))


@every_blend
def test_nothing_is_pasted_where_nothing_was_chosen(blend):
    assert not blend.soften(np.zeros((6, 6), dtype=np.float32), generator()).any()


@given(arrays(np.bool_, (9, 9)))
def test_a_feather_lies_around_the_mask_alone(mask):
    """What is a few cells large would fade: a mass kept .7 of its contrast, and what left stayed as a shadow."""
    weights = Feather().soften(mask.astype(np.float32))
    reached = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert (weights[mask] == 1).all()
    assert (weights[reached & ~mask] > 0).all()
    assert not weights[~reached].any()


@given(strengths)
def test_a_feather_takes_nothing_of_a_graded_mask(strength):
    assert (Feather().soften(strength) >= strength.astype(np.float16)).all()


def test_a_feather_keeps_the_steps_of_a_soft_mask():
    strength = np.linspace(0, 1, 6, dtype=np.float32)[None].repeat(6, axis=0)
    weights = Feather().soften(strength).astype(np.float32)
    assert np.allclose(weights[:, 1:-1], strength[:, 1:-1], atol=1e-3)


def test_a_hard_blend_cuts_a_soft_mask_at_one_half():
    assert Hard().soften(np.float32([[0.0, 0.499, 0.5, 1.0]])).tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize("blend", [Feather(), Hard()], ids=["feather", "hard"])
def test_what_draws_nothing_needs_no_generator(blend):
    mask = np.eye(6, dtype=np.float32)
    assert np.array_equal(blend.soften(mask), blend.soften(mask, generator()))


@given(st.integers(0, 1000))
def test_alpha_gives_one_share_to_the_whole_region(seed):
    weights = Alpha().soften(np.eye(6, dtype=np.float32), generator(seed))
    assert np.unique(weights).size == 2
    assert np.array_equal(weights > 0, np.eye(6, dtype=bool))
    assert np.array_equal(weights, Alpha().soften(np.eye(6, dtype=np.float32), generator(seed)))


def test_alpha_draws_from_a_beta_distribution():
    shares = [float(Alpha(4.0).soften(np.ones((1, 1), np.float32), generator(n))[0, 0]) for n in range(400)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.04)
    assert np.var(shares) == pytest.approx(1 / 36, rel=0.25)  # 1 / (4 (2 a + 1))


def test_alpha_says_what_it_lacks():
    with pytest.raises(ValueError, match="generator"):
        Alpha().soften(np.ones((2, 2), np.float32))


@pytest.mark.parametrize("a", [0.0, -1.0, float("nan"), float("inf")])
def test_alpha_refuses_what_is_no_distribution(a):
    with pytest.raises(ValueError, match="above 0"):
        Alpha(a)
