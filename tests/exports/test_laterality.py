import pytest

from medcutmix_cli.exports.laterality import Laterality, find_laterality
from medcutmix_cli.records import Side

NAMED = {
    Side.LEFT: ["left", "left-sided", "LLL", "lingula", "Lt."],
    Side.RIGHT: ["right", "RUL", "right-sided", "middle lobe", "rt"],
}
TEMPLATES = [
    "There is a {} effusion.",
    "No {} pneumothorax.",
    "IMPRESSION:\n 1. Line in the {}\n jugular vein.",
]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(("side", "word"), [(side, word) for side, words in NAMED.items() for word in words])
def test_a_side_that_is_named_forbids_a_flip_whatever_is_said_of_it(side, word, template):
    assert find_laterality(template.format(word)) == Laterality(side, True)


@pytest.mark.parametrize("text", ["Bilateral effusions.", "Both lungs are clear.", "Bibasilar atelectasis."])
def test_both_sides_alike_may_be_flipped(text):
    assert find_laterality(text) == Laterality(Side.BILATERAL, False)


@pytest.mark.parametrize(
    "text", ["Left effusion, right mass.", "Bilateral effusions, left greater than right."]
)
def test_two_sides_by_name_are_bilateral_and_must_not_be_flipped(text):
    assert find_laterality(text) == Laterality(Side.BILATERAL, True)


@pytest.mark.parametrize("text", ["", "The lungs are clear.", "Normal heart size. No effusion."])
def test_a_text_without_a_side_may_be_flipped(text):
    assert find_laterality(text) == Laterality(Side.NONE, False)
