import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.images import near_hashes
from medcutmix_cli.images.near_hashes import NearHashes, find_near


def compared(hashes, most):
    """Compare all with all."""
    bits = np.unpackbits(hashes, axis=1).astype(int)
    pairs = ((i, j) for i in range(len(bits)) for j in range(i + 1, len(bits)))
    near = (NearHashes(i, j, int(np.abs(bits[i] - bits[j]).sum())) for i, j in pairs)
    return [pair for pair in near if pair.distance <= most]


@st.composite
def families(draw):
    """Return hashes of which many lie close to each other, and a distance."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width, most = draw(st.sampled_from([1, 2, 8, 16, 32])), draw(st.integers(0, 24))
    most = min(most, 8 * width - 1)
    seeds = rng.integers(0, 256, (draw(st.integers(1, 5)), width), dtype=np.uint8)
    bits = np.unpackbits(seeds[rng.integers(0, len(seeds), draw(st.integers(0, 40)))], axis=1)
    for row in bits:
        flipped = rng.choice(row.size, rng.integers(0, min(most + 3, row.size) + 1), replace=False)
        row[flipped] ^= 1
    return np.packbits(bits, axis=1), most


@given(families())
@settings(max_examples=100, deadline=None)
def test_all_pairs_within_the_distance_are_found_and_no_other(family):
    hashes, most = family
    assert find_near(hashes, most) == compared(hashes, most)


@pytest.mark.parametrize("at_once", [1, 2, 7, 1 << 20])
def test_how_many_are_compared_at_once_decides_nothing(monkeypatch, at_once):
    rng = np.random.default_rng(5)
    hashes = rng.integers(0, 4, (60, 4), dtype=np.uint8)
    monkeypatch.setattr(near_hashes, "_AT_ONCE", at_once)
    assert find_near(hashes, 4) == compared(hashes, 4)


@pytest.mark.parametrize("most", [0, 1, 2, 7, 24])
def test_whichever_bits_differ_the_pair_is_found(most):
    """Every choice of the bits that differ lies in one family: neighbours, and spread in every way."""
    for step in range(1, 12):
        one = np.zeros((1, 32), np.uint8)
        other = np.zeros(256, np.uint8)
        other[np.arange(most) * step % 256] = 1
        differ = int(other.sum())
        both = np.concatenate([one, np.packbits(other)[None]])
        assert find_near(both, differ) == [NearHashes(0, 1, differ)]
        assert not differ or find_near(both, differ - 1) == []


def test_one_hash_or_none_has_no_neighbour():
    assert find_near(np.zeros((0, 8), np.uint8), 4) == []
    assert find_near(np.zeros((1, 8), np.uint8), 4) == []
