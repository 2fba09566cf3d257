"""Known values: Student's sleep data, hand arithmetic, and tables of t."""

from math import isnan, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.benchmark.intervals import holm, of_differences, paired

SLEEP = (1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4)
"""Differences of hours of sleep of ten patients (Student 1908, Biometrika 6:1)."""


def test_students_own_example_comes_out():
    found = of_differences(SLEEP)
    assert found.mean == pytest.approx(1.58)
    assert found.p == pytest.approx(0.002833, abs=1e-6)  # t = 4.0621 on 9 degrees of freedom
    assert (found.low, found.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)


def test_the_interval_is_that_of_the_table_of_t():
    found = of_differences([0.0, 2.0])  # mean 1, SD sqrt(2), error 1, t(.975, 1) = 12.706
    assert found.half == pytest.approx(12.7062, abs=1e-4)


def test_only_the_differences_of_pairs_count():
    controls = [0.5, 0.9, 0.1]
    found = paired([0.6, 1.1, 0.4], controls)
    assert found.mean == pytest.approx(0.2)
    assert found.half == pytest.approx(4.302653 * 0.1 / sqrt(3), abs=1e-6)


def test_what_is_no_pair_is_refused():
    with pytest.raises(ValueError, match="2 values and 1 controls"):
        paired([1.0, 2.0], [1.0])


def test_one_chunk_has_a_mean_and_no_interval():
    found = of_differences([0.3])
    assert (found.mean, found.chunks) == (0.3, 1)
    assert all(isnan(value) for value in (found.low, found.high, found.p))


def test_none_has_nothing():
    assert isnan(of_differences([]).mean)


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (0.5, 0.0)])
def test_equal_differences_have_an_interval_of_no_width(value, p):
    found = of_differences([value] * 4)
    assert (found.low, found.high, found.p) == (value, value, p)


def test_holms_own_steps_come_out():
    found = holm(
        {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    )  # 4 x .005, 3 x .01, 2 x .03, then no less than that
    assert found == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})


def test_what_cannot_be_said_does_not_count_as_a_comparison():
    found = holm({"a": 0.02, "b": float("nan")})
    assert found["a"] == 0.02
    assert isnan(found["b"])


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1))
def test_a_corrected_p_is_never_smaller_and_never_over_one(chances):
    found = holm(chances)
    assert all(chances[name] <= found[name] <= 1 for name in chances)
    assert sorted(chances, key=lambda n: (chances[n], n)) == sorted(
        chances, key=lambda n: (found[n], chances[n], n)
    )
