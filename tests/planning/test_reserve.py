"""Pairs beyond a bound are held in reserve, and as few of them as the order of ids allows."""

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.planning.reserve import beyond_shape, beyond_share
from tests.planning.test_shape import row, study

TRAITS = ("a", "b", "c")


def held(rows, studies, tolerance=0.1, times=1):
    return beyond_shape(rows, studies, times, tolerance)


def test_a_pair_that_changes_nothing_is_always_planned():
    studies = [study(n, "a") for n in range(5)]
    assert held([row(n, "a") for n in range(5)], studies, tolerance=0.0) == []


def test_a_tenth_may_change_and_no_more():
    studies = [study(n, "a") for n in range(30)]
    rows = [row(n) for n in range(30)]
    assert held(rows, studies) == [pair.pair_id for pair in rows[3:]]
    assert len(held(rows, studies, times=2)) == 24  # of 60 rows


def test_one_pair_makes_up_for_another():
    studies = [study(1, "a"), study(2, "b")]
    assert held([row(1, "b"), row(2, "a")], studies, tolerance=0.1) == [f"{n:016x}" for n in (1, 2)]
    ten = [study(n, "a") for n in range(10)] + [study(n, "b") for n in range(10, 20)]
    swaps = [row(n, "b") for n in range(10)] + [row(n, "a") for n in range(10, 20)]
    assert held(swaps, ten) == []


def test_what_no_original_has_is_never_brought_in():
    assert held([row(1, "a", "new")], [study(1, "a")], tolerance=1.0) == [f"{1:016x}"]


@given(
    st.lists(st.tuples(st.sets(st.sampled_from(TRAITS)), st.sets(st.sampled_from(TRAITS))), max_size=40),
    st.floats(0, 0.5),
    st.randoms(use_true_random=False),
)
def test_the_rows_keep_the_bounds_whatever_the_order(changes, tolerance, shuffler):
    studies = [study(n, *sorted(own)) for n, (own, _) in enumerate(changes)]
    rows = [row(n, *sorted(now)) for n, (_, now) in enumerate(changes)]
    reserve = held(rows, studies, tolerance)
    shuffled = rows.copy()
    shuffler.shuffle(shuffled)
    assert held(shuffled, studies[::-1], tolerance) == reserve
    before = Counter(trait for one in studies for trait in one.traits)
    planned = {one.recipient_study: one.traits for one in rows if one.pair_id not in reserve}
    after = Counter(trait for one in studies for trait in planned.get(one.study_id, one.traits))
    said = Decimal(repr(tolerance))
    assert all(abs(after[trait] - before[trait]) <= said * before[trait] for trait in TRAITS)


def test_a_bound_is_exactly_what_was_said():
    studies, rows = [study(n, "a") for n in range(2)], [row(n) for n in range(2)]
    assert len(held(rows, studies, tolerance=0.49999999999999994)) == 2
    assert len(held(rows, studies, tolerance=0.5)) == 1
    hundred, rows = [study(n, "a") for n in range(100)], [row(n) for n in range(100)]
    assert len(held(rows, hundred, tolerance=0.29)) == 71  # of numbers the product is 28.999999999999996


def test_a_donor_gives_a_tenth_of_a_findings_rows_and_two_always():
    mine = [row(n, donor="s1") for n in range(6)]
    others = [row(n, donor=f"s{n}") for n in range(6, 40)]
    assert beyond_share([*mine, *others], 0.1) == [pair.pair_id for pair in mine[4:]]
    assert beyond_share(mine, 0.0) == [pair.pair_id for pair in mine[2:]]
    assert beyond_share(mine, 1.0) == []


def test_shares_are_of_one_finding_and_what_is_not_mixed_has_none():
    rows = [
        row(1),
        row(2),
        row(3, finding="edema"),
        row(4, finding="edema"),
        *(row(n, finding="") for n in (5, 6, 7)),
    ]
    assert beyond_share(rows, 0.1) == []
