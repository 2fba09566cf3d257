import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.mixing.grey_levels import level_quantiles

SHARES = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.5, 0.99, 0.995, 1.0])), min_size=1)
PICTURES = arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)))


@given(PICTURES, SHARES)
def test_they_are_those_of_numpy_to_the_last_bit(picture, shares):
    assert level_quantiles(picture, shares) == list(np.quantile(picture, shares))


@pytest.mark.parametrize("share", [0.01, 0.99, 0.995])
@pytest.mark.parametrize("levels", [1, 2, 3, 17, 256])
def test_they_are_at_the_size_of_a_picture_whatever_levels_it_has(levels, share):
    rng = np.random.default_rng(levels)
    for _ in range(5):
        picture = rng.integers(0, levels, (448, rng.integers(300, 449))).astype(np.uint8)[:, 1:-1]
        assert level_quantiles(picture, [share]) == [np.quantile(picture, share)]
