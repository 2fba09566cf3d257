"""Folds: every pair is held out once, and no patient is on both sides."""

from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.evaluation.folds import disjoint_folds

PATIENTS = st.integers(0, 12).map(lambda number: f"p{number}")
PAIRS = st.lists(st.tuples(PATIENTS, PATIENTS), min_size=1, max_size=40)


@given(PAIRS, st.integers(2, 6))
def test_no_patient_is_learned_from_and_held_out(pairs, folds):
    found = disjoint_folds(pairs, folds)
    held_out = sorted(number for fold in found for number in fold.held_out)
    assert held_out == list(range(len(pairs)))
    for fold in found:
        known = {patient for number in fold.held_out for patient in pairs[number]}
        for number, patients in enumerate(pairs):
            assert (number in fold.learned) == known.isdisjoint(patients)


def test_folds_are_of_one_size():
    sizes = [len(fold.held_out) for fold in disjoint_folds([(f"a{n}", f"b{n}") for n in range(11)], 4)]
    assert sorted(sizes) == [2, 3, 3, 3]


def test_neighbours_are_held_out_together():
    chain = [(f"p{n}", f"p{n + 1}") for n in range(20)]
    shuffled = chain[::2] + chain[1::2]
    assert [len(fold.learned) for fold in disjoint_folds(shuffled, 2)] == [9, 9]  # one pair lies across


def test_no_pairs_make_no_folds():
    assert disjoint_folds([], 5) == ()
