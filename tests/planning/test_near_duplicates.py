import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.images.perceptual_hash import BITS, NEAR
from medcutmix_cli.planning.near_duplicates import NONE_COMPARED, NearDuplicates, with_near


@st.composite
def families(draw):
    """Return hashes by study id: some equal, some near, some not."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    seeds = rng.integers(0, 2, (3, BITS), dtype=np.uint8)
    rows = seeds[rng.integers(0, 3, draw(st.integers(0, 14)))]
    for row in rows:
        row[rng.choice(BITS, rng.integers(0, NEAR + 2), replace=False)] ^= 1
    return {f"s{n}": np.packbits(row) for n, row in enumerate(rows)}


@given(families())
@settings(max_examples=60, deadline=None)
def test_two_studies_are_barred_where_their_hashes_are_near_and_nowhere_else(hashes):
    found = with_near(hashes, {})
    for one, a in hashes.items():
        for other, b in hashes.items():
            if one != other:
                assert found.bar(one, other) == (np.unpackbits(a ^ b).sum() <= NEAR)


@given(families())
@settings(max_examples=20, deadline=None)
def test_the_order_of_studies_decides_nothing(hashes):
    assert with_near(hashes, {}) == with_near(dict(reversed(hashes.items())), {})


def test_a_study_whose_picture_was_not_read_is_barred_from_nobody():
    assert not NONE_COMPARED.bar("a", "b")
    assert not NearDuplicates({"a": 0}, frozenset()).bar("a", "b")


@pytest.mark.parametrize("number", [1, 3])
def test_what_a_run_keeps_are_counts(number):
    same = {f"s{n}": np.zeros(BITS // 8, np.uint8) for n in range(number)}
    counts = with_near(same, {"image-missing": 2}).counts()
    assert counts == {
        "compared": number,
        "studies": number if number > 1 else 0,
        "unreadable:image-missing": 2,
    }
