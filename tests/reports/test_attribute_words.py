"""What the attribute words of a sentence say of a part of it."""

import pytest

from medcutmix_cli.records import Side
from medcutmix_cli.reports.attribute_words import AttributeWords
from medcutmix_cli.reports.words import canonical


def marks(text):
    words = canonical(text)
    return AttributeWords.of(words), (0, len(words))


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("left base", Side.LEFT),
        ("left and right base", Side.BILATERAL),
        ("both lungs", Side.BILATERAL),
        ("bases", Side.BILATERAL),
        ("the bases, left", Side.LEFT),  # a side beside it counts instead
        ("L5", Side.NONE),
        ("shifted to the left", Side.NONE),
        ("upright", Side.NONE),
    ],
)
def test_the_side_of_a_whole_sentence(text, side):
    found, whole = marks(text)
    assert found.side([whole]) is side
    assert found.side([(0, 0)]) is Side.NONE


def test_a_word_counts_only_in_a_zone_that_holds_it_whole():
    found, (_, end) = marks("small left, large right basal")
    assert found.side([(0, 2)]) is Side.LEFT
    assert found.side([(3, end)]) is Side.RIGHT
    assert [found.severity([zone]) for zone in ((0, 2), (3, end))] == ["small", "large"]
    assert [found.location([zone]) for zone in ((0, 2), (3, end))] == ["", "base"]


def test_the_longest_degree_of_the_first_zone_that_has_one():
    found, (_, end) = marks("small, mild to moderate")
    assert found.severity([(2, end)]) == "mild to moderate"
    assert found.severity([(1, 2), (0, 1), (2, end)]) == "small"


def test_what_stands_before_with_on_the_other_side_is_no_part_of_a_zone():
    found, whole = marks("left mass with right apical")
    assert found.own_part(whole) == (3, 5)
    found, whole = marks("left mass with apical")
    assert found.own_part(whole) == whole


def test_sizes_comparisons_and_two_names_of_one_thing():
    found, whole = marks("2.5 x 3 cm, consistent with an unchanged one, left greater than right")
    assert found.size([whole]) == "2.5 x 3 cm"
    assert (found.has_prior(whole), found.joins_two_names(whole), found.compares(whole)) == (True, True, True)
    assert not any((found.has_prior((0, 3)), found.joins_two_names((0, 3)), found.compares((0, 3))))


@pytest.mark.parametrize(("text", "none"), [("the lungs", True), ("the left lung", False), ("here", True)])
def test_both_lungs_are_no_side_that_is_named(text, none):
    found, whole = marks(text)
    assert found.names_no_side([whole]) is none
