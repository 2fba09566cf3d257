from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.planning.allocation import allocate

A, B, BOTH = frozenset({0}), frozenset({1}), frozenset({0, 1})


def apart(one, other):
    return one == other


def totals(served, count):
    return [sum(served[cell].values()) if cell in served else 0 for cell in range(count)]


def pairs(missing, hosts, donors, includes=apart):
    allocation = allocate(missing, hosts, donors, includes)
    given_, received = totals(allocation.donors, len(missing)), totals(allocation.hosts, len(missing))
    assert given_ == received
    return received


def test_a_cell_gets_what_it_lacks_and_no_more():
    assert pairs([3], {A: 10}, {A: 10}) == [3]


@pytest.mark.parametrize(("hosts", "donors"), [(2, 9), (9, 2)])
def test_hosts_and_donors_are_used_no_more_often_than_they_may(hosts, donors):
    assert pairs([5], {A: hosts}, {A: donors}) == [2]


def test_cells_that_share_hosts_get_equal_shares():
    assert pairs([40, 40], {BOTH: 40}, {A: 99, B: 99}) == [20, 20]


def test_a_cell_leaves_hosts_that_another_needs():
    assert pairs([10, 10], {BOTH: 10, A: 10}, {BOTH: 99}) == [10, 10]


def test_a_cell_moves_over_to_make_room():
    ab, bc, c = frozenset({0, 1}), frozenset({1, 2}), frozenset({2})
    assert pairs([6, 6, 6], {ab: 6, bc: 6, c: 6}, {frozenset({0, 1, 2}): 99}) == [6, 6, 6]


def test_a_pair_counts_in_every_cell_that_it_lies_in():
    def same_finding(_one, _other):
        return True

    assert sum(pairs([10, 10], {A: 99, B: 99, BOTH: 99}, {BOTH: 99}, same_finding)) == 10


def most(missing, hosts, donors):
    """Return the greatest sum there is, by trying everything."""
    best = 0
    for counts in product(*(range(m + 1) for m in missing)):
        if all(fits(counts, groups) for groups in (hosts, donors)):
            best = max(best, sum(counts))
    return best


def fits(counts, groups):
    """Say whether groups can serve so many (Hall)."""
    cells = range(len(counts))
    return all(
        sum(counts[c] for c in cells if c in chosen) <= sum(n for g, n in groups.items() if g & chosen)
        for size in range(1, 2 ** len(counts))
        for chosen in [frozenset(c for c in cells if size >> c & 1)]
    )


groups = st.dictionaries(st.frozensets(st.integers(0, 2), min_size=1), st.integers(0, 4), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=3, max_size=3), groups)
def test_no_host_is_wasted(missing, hosts):
    everything = {frozenset({0, 1, 2}): 99}
    found = pairs(missing, hosts, everything)
    assert all(got <= wanted for got, wanted in zip(found, missing, strict=True))
    assert sum(found) == most(missing, hosts, everything)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=3, max_size=3), groups, groups)
def test_caps_hold_whatever_the_groups(missing, hosts, donors):
    allocation = allocate(missing, hosts, donors, apart)
    for served, capacity in ((allocation.hosts, hosts), (allocation.donors, donors)):
        used = Counter()
        for cell, by_group in served.items():
            for group, count in by_group.items():
                assert count >= 0
                assert not count or cell in group
                used[group] += count
        assert all(used[group] <= capacity.get(group, 0) for group in used)
    assert totals(allocation.hosts, 3) == totals(allocation.donors, 3)
