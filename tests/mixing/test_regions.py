import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.mixing.regions import InPlaceDonor, InPlaceUnion

strengths = arrays(np.float32, (4, 4), elements=st.floats(0, 1, width=16))


@given(strengths, strengths)
def test_the_union_holds_where_either_mask_does(a, b):
    joined = InPlaceUnion().join(a, b)
    assert np.array_equal(joined >= 0.5, (a >= 0.5) | (b >= 0.5))
    assert joined.dtype == np.float32


@given(strengths, strengths)
def test_in_place_donor_knows_nothing_of_the_recipient(a, b):
    joined = InPlaceDonor().join(a, b)
    assert np.array_equal(joined, b)
    assert joined is not b


@pytest.mark.parametrize("rule", [InPlaceUnion(), InPlaceDonor()], ids=["union", "donor"])
def test_hard_masks_stay_hard(rule):
    a, b = np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32)[::-1]
    assert set(np.unique(rule.join(a, b))) == {0, 1}
