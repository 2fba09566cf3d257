from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.mixing.blends.hard import Hard
from medcutmix_cli.mixing.ranks import composed_rank, rank_of
from medcutmix_cli.records import Cut
from tests.builders import make_view


def cut_at(rows, columns, shift=(0, 0)):
    mask = np.zeros((7, 7), dtype=bool)
    mask[rows, columns] = True
    return Cut(mask, mask, mask, Hard().soften(mask), "nearest", 1.0, 0.0, *shift)


@given(st.integers(0, 1000))
def test_each_rank_is_given_once(seed):
    a, b = make_view(seed), make_view(seed + 1)
    rank = composed_rank(cut_at(slice(2, 5), slice(2, 5)), a, b)
    assert np.array_equal(np.sort(rank, axis=None), np.arange(49))


def test_ties_go_to_the_first_in_reading_order():
    assert rank_of(np.array([[1.0, 2.0], [2.0, 0.0]])).tolist() == [[2, 0], [1, 3]]


def test_the_donors_peak_leads_where_it_was_moved_to():
    scores = np.full((7, 7), -9, np.float32)
    scores[5, 5] = 9
    a, b = make_view(1), replace(make_view(2), scores=scores)
    rank = composed_rank(cut_at(slice(2, 5), slice(2, 5), (-32, -32)), a, b)
    assert rank[3, 3] == 0


def test_without_any_map_the_rank_is_the_reading_order():
    views = [replace(make_view(n), scores=np.full((7, 7), np.nan, np.float32), asked=False) for n in range(2)]
    assert composed_rank(cut_at(1, 1), *views).ravel().tolist() == list(range(49))
