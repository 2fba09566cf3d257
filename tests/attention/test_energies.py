import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.attention import attention_mass, check_energy, evidence, read_energy

GRID = (14, 14)
READINGS = ("softmax", "relu", "decoder")
maps = arrays(np.float16, GRID, elements=st.floats(width=16, allow_nan=False, allow_infinity=False)).map(
    lambda scores: scores.astype(np.float32)
)


@given(maps, st.sampled_from(READINGS))
@settings(max_examples=30)
def test_an_energy_sums_to_one_or_there_is_none(scores, reading):
    scores[0] = np.nan
    energy = read_energy(scores, reading)
    assert (energy >= 0).all()
    assert (energy[0] == 0).all()
    assert energy.sum() == pytest.approx(1.0 if evidence(scores, reading).any() else 0.0)


@given(maps, st.sampled_from(READINGS))
@settings(max_examples=30)
def test_a_higher_score_never_holds_less_energy(scores, reading):
    order = np.argsort(scores, axis=None)
    assert (np.diff(read_energy(scores, reading).ravel()[order]) >= 0).all()


def test_each_reading_is_what_its_name_says():
    scores = np.float32([[-1, 0], [1, 3]])
    positive = np.exp(scores.astype(float))
    assert read_energy(scores, "softmax") == pytest.approx(positive / positive.sum())
    assert read_energy(scores, "relu") == pytest.approx(np.array([[0, 0], [0.25, 0.75]]))
    assert evidence(scores, "decoder") == pytest.approx(positive / (1 + positive))


def test_the_attention_mass_is_the_softmax():
    scores = np.random.default_rng(0).normal(size=GRID).astype(np.float32)
    assert np.array_equal(attention_mass(scores), read_energy(scores, "softmax"))


@pytest.mark.parametrize("reading", READINGS)
def test_a_map_without_a_finite_cell_has_no_energy(reading):
    assert not read_energy(np.full(GRID, np.nan, dtype=np.float32), reading).any()


def test_a_map_that_is_nowhere_positive_has_no_positive_part():
    assert not read_energy(np.full(GRID, -2, dtype=np.float32), "relu").any()


def test_an_unknown_reading_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="softmax, relu, decoder, not 'sigmoid'"):
        check_energy("sigmoid")
