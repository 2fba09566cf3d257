"""Bootstrap intervals: patients are the unit, draws do not depend on order."""

import math

import numpy as np
import pytest

from medcutmix_cli.errors import UsageError
from medcutmix_cli.evaluation.interval_settings import IntervalSettings
from medcutmix_cli.evaluation.intervals import draws, interval_of

HOW = IntervalSettings(resamples=400)


def mean_of(values):
    return lambda counts: float(values @ counts / counts.sum())


def test_an_interval_holds_its_value_and_narrows_with_patients():
    rng = np.random.default_rng(0)
    few, many = rng.random(20), rng.random(500)
    small = interval_of(mean_of(few), [f"p{n}" for n in range(20)], HOW, "mean")
    large = interval_of(mean_of(many), [f"p{n}" for n in range(500)], HOW, "mean")
    assert small.low < small.value < small.high
    assert large.high - large.low < (small.high - small.low) / 2
    assert small.high - small.low == pytest.approx(2 * 1.96 * few.std() / math.sqrt(20), rel=0.25)


def test_what_one_patient_owns_is_drawn_together():
    owners = ["a", "b", "a", "c"]
    for counts in draws(owners, HOW, "together"):
        assert counts[0] == counts[2]
    assert sum(1 for _ in draws(owners, HOW, "together")) == HOW.resamples


def test_the_order_of_observations_decides_nothing():
    values, owners = np.array([0.1, 0.5, 0.9, 0.3]), ["d", "b", "c", "a"]
    turned = interval_of(mean_of(values[::-1]), owners[::-1], HOW, "order")
    # The sums are added up in another order, so that their last bits may differ.
    assert turned.low == pytest.approx(interval_of(mean_of(values), owners, HOW, "order").low, abs=1e-12)


def test_one_patient_has_no_interval():
    found = interval_of(mean_of(np.array([0.25, 0.75])), ["a", "a"], HOW, "one")
    assert found.value == 0.5
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize("wrong", [{"interval": 95.0}, {"interval": 0.0}, {"resamples": -1}])
def test_settings_without_meaning_are_refused(wrong):
    with pytest.raises(UsageError):
        IntervalSettings(**wrong)
