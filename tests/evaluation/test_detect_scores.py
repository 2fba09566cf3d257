"""Areas under the curve: by hand, within folds, by strategy and finding."""

import numpy as np
import pytest

from medcutmix_cli.evaluation.detect_scores import PairScore, area, rows_by
from medcutmix_cli.evaluation.interval_settings import IntervalSettings

HOW = IntervalSettings(resamples=100)


def pair(number, mixed, original, fold=0, strategy="same-finding", finding="mass"):
    return PairScore(f"{number}", f"p{number}", strategy, finding, fold, mixed, original)


def test_an_area_is_the_share_of_mixed_above_original():
    scores = [pair(0, 2.0, 1.0), pair(1, 1.0, 3.0)]
    # (2 > 1), (2 < 3), (1 = 1), (1 < 3)
    assert area(scores)(np.array([1, 1])) == pytest.approx(1.5 / 4)
    assert area(scores)(np.array([1, 0])) == 1


def test_scores_of_two_networks_are_not_compared():
    scores = [pair(0, 1.0, 0.0, fold=0), pair(1, 101.0, 100.0, fold=1)]
    assert area(scores)(np.array([1, 1])) == 1


def test_pictures_that_did_not_change_have_an_area_of_one_half():
    values = np.random.default_rng(0).normal(size=30)
    (row,) = rows_by([pair(n, v, v, fold=n % 3) for n, v in enumerate(values)], lambda s: s.strategy, HOW)
    assert row.auc.value == row.auc.low == row.auc.high == 0.5
    assert row.paired.value == 0.5


def test_rows_are_by_name_and_leave_out_small_groups():
    scores = [pair(n, 1.0, 0.0, finding="mass" if n < 3 else "") for n in range(5)]
    assert [row.name for row in rows_by(scores, lambda score: score.finding, HOW)] == ["mass"]
    assert list(rows_by(scores, lambda score: score.finding, HOW, fewest=4)) == []


def test_an_interval_holds_its_area():
    rng = np.random.default_rng(1)
    scores = [pair(n, rng.normal() + 0.5, rng.normal(), fold=n % 4) for n in range(80)]
    (row,) = rows_by(scores, lambda score: score.strategy, HOW)
    assert row.auc.low < row.auc.value < row.auc.high
    assert 0.5 < row.auc.value < 0.8
    assert (row.pairs, row.patients) == (80, 80)
