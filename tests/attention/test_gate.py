import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from medcutmix_cli.attention import NoGate, NullMax
from tests.builders import make_placement

GRID = (14, 14)
shares = st.floats(0.01, 0.5)
counts = st.integers(0, 300)


def make_nulls(count, seed=0):
    """Return the statistics of noise maps."""
    noise = np.random.default_rng(seed).normal(size=(count, *GRID)).astype(np.float16).astype(np.float32)
    return np.float32([NullMax().statistic(scores, make_placement()) for scores in noise])


MANY_NULLS = make_nulls(300)


def nulls_around(peak, reaching, count):
    return np.float32([peak + 1] * reaching + [peak - 1] * (count - reaching))


def test_the_statistic_is_the_highest_cell_of_the_picture():
    scores = np.zeros(GRID, dtype=np.float32)
    scores[5, 5] = 3
    scores[0, 5] = 9  # a marker on the edge
    assert NullMax().statistic(scores, make_placement()) == 3
    assert NullMax(border=0).statistic(scores, make_placement()) == 9


def test_letterbox_bars_and_nan_do_not_count():
    scores = np.zeros(GRID, dtype=np.float32)
    scores[:, :2] = 9  # the picture begins at cell 2
    scores[7, 7] = np.nan
    scores[7, 10] = 1
    narrow = make_placement(112, left=16, width=80)
    assert NullMax(border=0).statistic(scores, narrow) == 1


def test_the_edge_of_the_field_of_view_is_an_edge():
    scores = np.zeros(GRID, dtype=np.float32)
    scores[:, :3] = np.nan
    scores[:, 3] = 9
    assert NullMax(border=1).statistic(scores, make_placement()) == 0


@pytest.mark.parametrize("gate", [NullMax(), NoGate()], ids=["null-max", "none"])
def test_a_map_without_a_cell_has_no_evidence(gate):
    assert gate.statistic(np.full(GRID, np.nan, dtype=np.float32), make_placement()) == -math.inf


def test_the_first_20_nulls_open_the_gate_and_59_keep_the_whole_promise():
    assert NullMax().min_nulls() == 20
    counts = (0, 19, 20, 58, 59, 92, 93, 200)
    assert [NullMax().max_nulls_reaching(count) for count in counts] == [-1, -1, 0, 0, 0, 0, 1, 4]
    assert [NullMax().guarantee(count).whole for count in counts] == [False] * 4 + [True] * 4


@given(shares, st.floats(0.0, 0.99), st.integers(1, 100))
def test_fewer_nulls_than_needed_keep_nothing(alpha, confidence, least):
    gate = NullMax(alpha, confidence, pictures=10_000, least=least)
    needed = gate.min_nulls()
    assert gate.max_nulls_reaching(needed) == 0
    assert gate.max_nulls_reaching(needed - 1) == -1
    assert not gate.keeps(math.inf, np.full(needed - 1, -1, dtype=np.float32))
    assert gate.guarantee(needed - 1).confidence == 0


@given(shares, st.floats(0.01, 0.99), st.integers(1, 100), counts, st.data())
def test_with_enough_nulls_for_the_promise_least_decides_nothing(alpha, confidence, least, count, data):
    strict = NullMax(alpha, confidence, pictures=10_000, least=10_000)
    assume(count >= strict.min_nulls())
    gate, nulls = replace(strict, least=least), nulls_around(0.0, data.draw(st.integers(0, count)), count)
    assert gate.max_nulls_reaching(count) == strict.max_nulls_reaching(count)
    assert gate.keeps(0.0, nulls) == strict.keeps(0.0, nulls)
    assert gate.guarantee(count).whole


@given(shares, st.integers(1, 300))
def test_the_confidence_of_few_nulls_is_that_the_highest_lies_in_the_top_share(alpha, count):
    gate = NullMax(alpha, 0.9999, pictures=1000, least=1)
    assume(gate.guarantee(count).reaching == 0)
    assert gate.guarantee(count).confidence == pytest.approx(1 - (1 - alpha) ** count, abs=1e-12)


def test_the_confidence_of_20_nulls_is_64_percent_and_nobody_keeps_more_than_alpha_on_average():
    assert NullMax().guarantee(20).confidence == pytest.approx(0.6415, abs=1e-4)
    assert 1 / (NullMax().least + 1) <= NullMax().alpha


@given(shares, st.floats(0.5, 0.99), counts)
def test_the_limit_is_the_largest_that_keeps_the_promise(alpha, confidence, count):
    limit = NullMax(alpha, confidence, pictures=10_000, least=10_000).max_nulls_reaching(count)
    ranks = np.arange(count)
    # The share kept is Beta(k + 1, count - k) where k nulls may reach the peak: an order statistic.
    held = stats.beta.cdf(alpha, ranks + 1, count - ranks)
    assert (held[: limit + 1] >= confidence - 1e-9).all()
    assert (held[limit + 1 :] <= confidence + 1e-9).all()


@given(shares, counts, st.data())
def test_without_confidence_the_gate_is_the_plain_p_value(alpha, count, data):
    gate = NullMax(alpha, 0.0, pictures=10_000)
    nulls = nulls_around(0.0, data.draw(st.integers(0, count)), count)
    assert gate.keeps(0.0, nulls) == (gate.p_value(0.0, nulls) <= alpha)


@given(st.integers(60, 300), st.floats(-3, 6), st.floats(0, 3))
def test_more_evidence_is_never_kept_less(count, peak, more):
    gate, nulls = NullMax(), MANY_NULLS[:count]
    assert gate.p_value(peak + more, nulls) <= gate.p_value(peak, nulls)
    assert gate.keeps(peak + more, nulls) >= gate.keeps(peak, nulls)


def test_the_p_value_counts_the_picture_itself_and_ties():
    nulls = np.float32([1, 2, 3, 4])
    assert NullMax().p_value(3.0, nulls) == pytest.approx(3 / 5)
    assert NullMax().p_value(9.0, nulls) == pytest.approx(1 / 5)
    assert NullMax().p_value(9.0, nulls[:0]) == 1.0


@pytest.mark.parametrize("peak", [math.nan, -math.inf], ids=["nan", "no-cell"])
def test_no_evidence_is_never_kept(peak):
    nulls = np.full(200, -math.inf, dtype=np.float32)
    assert not NullMax().keeps(peak, nulls)
    assert NullMax().p_value(peak, nulls) == 1.0


def simulated_shares(gate, count, calibrations=2000):
    """Return the true share of noise that each calibration keeps: peaks are uniform, so it is 1 - threshold."""
    nulls = np.random.default_rng(7).random((calibrations, count))
    return 1 - np.sort(nulls, axis=1)[:, count - 1 - gate.max_nulls_reaching(count)]


@pytest.mark.parametrize("count", [59, 100, 200])
def test_the_promise_holds_in_nineteen_calibrations_of_twenty(count):
    kept = simulated_shares(NullMax(), count)
    assert (kept > 0.05).mean() < 0.05 + 3 * math.sqrt(0.05 * 0.95 / kept.size)


@pytest.mark.parametrize("count", range(20, 59))
def test_with_few_nulls_the_promise_holds_as_often_as_is_stated(count):
    held, stated = (simulated_shares(NullMax(), count) <= 0.05).mean(), NullMax().guarantee(count).confidence
    assert held == pytest.approx(stated, abs=4 * math.sqrt(stated * (1 - stated) / 2000))


@pytest.mark.parametrize("count", [20, 40, 58])
def test_pictures_without_the_finding_are_kept_as_seldom_as_is_stated(count):
    gate, calibrations = NullMax(), np.random.default_rng(count).random((1000, count)).astype(np.float32)
    held = 0
    for nulls in calibrations:  # peaks are uniform: the share kept is what lies above the highest null
        assert not gate.keeps(float(nulls.max()), nulls)
        assert gate.keeps(float(np.nextafter(nulls.max(), np.float32(2))), nulls)
        held += 1 - nulls.max() <= gate.alpha
    confidence = gate.guarantee(count).confidence
    assert held / 1000 == pytest.approx(confidence, abs=4 * math.sqrt(confidence * (1 - confidence) / 1000))


def test_a_plain_p_value_holds_on_average_only():
    kept = simulated_shares(NullMax(confidence=0.0), 100)
    assert kept.mean() == pytest.approx(0.05, abs=0.002)
    assert (kept > 0.05).mean() == pytest.approx(0.44, abs=0.04)


def test_noise_is_gated_and_a_peak_is_not():
    gate, nulls, fresh = NullMax(), make_nulls(200, seed=1), make_nulls(1000, seed=2)
    assert np.mean([gate.keeps(float(peak), nulls) for peak in fresh]) <= 0.05
    assert gate.keeps(10.0, nulls)


def test_without_a_gate_everything_is_kept_and_nothing_compared():
    gate = NoGate()
    assert gate.keeps(-math.inf, make_nulls(0))
    assert math.isnan(gate.p_value(0.0, make_nulls(10)))
    assert (gate.pictures, gate.min_nulls(), gate.max_nulls_reaching(3)) == (0, 0, 3)
    assert gate.guarantee(200) is None


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"alpha": 0.0}, id="nothing-may-be-kept"),
        pytest.param({"alpha": 1.0}, id="everything-may-be-kept"),
        pytest.param({"confidence": 1.0}, id="certainty"),
        pytest.param({"border": -1}, id="negative-border"),
        pytest.param({"pictures": 58}, id="too-few-pictures-for-the-promise"),
        pytest.param({"least": 0}, id="kept-by-no-null"),
    ],
)
def test_a_gate_that_means_nothing_is_refused(options):
    with pytest.raises(ValueError, match="must be"):
        NullMax(**options)
