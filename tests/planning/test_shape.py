"""The shape of a plan is counted from its studies and rows alone."""

from collections import Counter

import pytest

from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.planning.shape import effective, shape_of
from medcutmix_cli.run.shape import DonorCount, TraitCount


def study(number, *traits, sentences=b""):
    return PackedStudy(
        f"s{number}", f"p{number}", "train", f"i{number}", (), (), b"", traits=traits, sentences=sentences
    )


def row(number, *traits, finding="mass", donor="s9", sentences=b""):
    return PackedPair(f"{number:016x}", finding, f"s{number}", "", "", b"", donor, traits, sentences)


def test_both_sides_are_counted():
    shape = shape_of([study(1, "a"), study(2, "a", "b"), study(3)], [row(1, "a"), row(2, "c")], 0.2, kept=1)
    assert (shape.originals, shape.rows, shape.kept, shape.tolerance) == (3, 2, 1, 0.2)
    assert shape.traits == {"a": TraitCount(2, 1), "b": TraitCount(1, 0), "c": TraitCount(0, 1)}


def test_donors_are_counted_for_each_finding_that_comes_in():
    rows = [row(1), row(2), row(3, donor="s8"), row(4, finding="edema"), row(5, finding="")]
    assert shape_of([], rows, 0.1).donors == {
        "edema": DonorCount(1, 1, 1.0, 1),
        "mass": DonorCount(3, 2, 1.8, 2),
    }


def test_the_same_sentence_counts_once():
    one, other = b"\0" * 8, b"\0" * 7 + b"\1"
    shape = shape_of([study(1, sentences=one + other)], [row(1, sentences=one), row(2, sentences=one)], 0.1)
    assert (shape.sentences, shape.row_sentences) == (2, 1)
    assert shape_of([], [], 0.1).sentences == 0


@pytest.mark.parametrize(("uses", "equal"), [({"a": 2, "b": 2}, 2.0), ({"a": 9, "b": 1}, 1.22), ({}, 0.0)])
def test_effective_is_how_many_equal_ones_would_be_as_concentrated(uses, equal):
    assert effective(Counter(uses)) == equal
