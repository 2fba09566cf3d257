"""Figures of many pairs: what counts once, what counts by pixels, and when nothing can be said."""

import numpy as np
import pytest

from medcutmix_cli.evaluation.interval_settings import IntervalSettings
from medcutmix_cli.evaluation.mix_measures import ShareOf
from medcutmix_cli.evaluation.mix_scores import FIGURES, MixMeasures, figures_of, quantile, share_over

HOW = IntervalSettings(resamples=50)
ONES = np.ones(10)


def figures(*measures):
    pairs = [MixMeasures(f"{n}", f"p{n}", found) for n, found in enumerate(measures)]
    return {figure.name: figure for figure in figures_of(pairs, HOW)}


def test_a_quantile_is_the_value_that_the_share_reaches():
    values = np.arange(10)[::-1].astype(float)
    assert quantile(0.1)(values, ONES) == 0
    assert quantile(0.5)(values, ONES) == 4
    assert quantile(1.0)(values, ONES) == 9
    assert quantile(0.5)(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == 2


def test_shares_are_strict_where_they_are_said_to_be():
    values = np.array([0.25, 0.5, 0.75, 1.0])
    weights = np.ones(4)
    assert share_over(0.25)(values, weights) == 0.75
    assert share_over(0.5, strictly=False)(values, weights) == 0.75
    assert share_over(0.25, 1.0)(values, weights) == 0.5


def test_lung_on_lung_is_pooled_and_overwritten_is_not():
    small = {"lung-on-lung": ShareOf(0.0, 10), "lung-overwritten": ShareOf(1.0, 10)}
    large = {"lung-on-lung": ShareOf(1.0, 90), "lung-overwritten": ShareOf(0.0, 90)}
    found = figures(small, large)
    assert found["lung on lung"].estimate.value == pytest.approx(0.9)
    assert found["lung overwritten"].estimate.value == 0.5
    assert found["lung overwritten, over 1/4"].estimate.value == 0.5


def test_a_figure_counts_the_pairs_of_which_it_can_be_said():
    found = figures({"dice": ShareOf(0.8)}, {"dice": ShareOf(0.6), "side-agreement": ShareOf(1.0)})
    assert (found["dice, median"].pairs, found["side agreement"].pairs) == (2, 1)
    assert "heart overwritten" not in found
    assert figures({}) == {}


def test_names_of_figures_are_there_once():
    assert len({kind.name for kind in FIGURES}) == len(FIGURES)
