import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.mixing.blends import Feather, Hard

strengths = arrays(np.float32, (6, 6), elements=st.floats(0, 1, width=16))
every_blend = pytest.mark.parametrize("blend", [Feather(), Hard()], ids=["feather", "hard"])


@every_blend
@given(strengths)
def test_weights_are_shares_as_they_are_stored(blend, strength):
    weights = blend.soften(strength)
    assert weights.dtype == np.float16
    assert ((weights >= 0) & (weights <= 1)).all()


@every_blend
def test_a_mask_and_its_strength_are_softened_alike(blend):
    mask = np.eye(6, dtype=bool)
    assert np.array_equal(blend.soften(mask), blend.soften(mask.astype(np.float32)))


@every_blend
def test_nothing_is_pasted_where_nothing_was_chosen(blend):
    assert not blend.soften(np.zeros((6, 6), dtype=np.float32)).any()


def test_a_feather_keeps_the_steps_of_a_soft_mask():
    strength = np.linspace(0, 1, 6, dtype=np.float32)[None].repeat(6, axis=0)
    weights = Feather().soften(strength).astype(np.float32)
    assert np.allclose(weights[:, 1:-1], strength[:, 1:-1], atol=1e-3)


def test_a_hard_blend_cuts_a_soft_mask_at_one_half():
    assert Hard().soften(np.float32([[0.0, 0.499, 0.5, 1.0]])).tolist() == [[0, 0, 1, 1]]
