from itertools import product

import pytest

from medcutmix_cli.pairing.grammar import broken_shape, has_sentence_shape, tag_of
from medcutmix_cli.pairing.tables import table

NOUNS = ("pleural effusion", "mass", "opacity", "pneumothorax", "consolidation", "basilar atelectasis")
PLACES = ("in the left upper lobe", "at the right base", "within the lingula", "")
WHOLE = (
    "There is a small {noun} {place}.",
    "Small {noun} {place}.",
    "Small {noun} {place} is noted.",
    "A mild to moderate {noun} is present {place}.",
    "The {noun} {place} is small.",
    "In the right lung there is a {noun}.",
    "Left greater than right {noun}.",
    "Small {noun}, which may represent infection.",
    "Heart size is normal without {noun}.",
    "No {noun} or edema.",
)
BROKEN = (
    "{place} {noun} is.",
    "{noun} {place} has.",
    "There is a.",
    "There is a small left.",
    "With mild bibasilar.",
    "{noun} {place} and.",
    "{noun} {place} with.",
    "Is noted {place}.",
    "A small {noun} the present.",
    "There is and associated small {noun}.",
    "Of the {noun}.",
    "{noun} of of the left lung.",
    "Which is a {noun}.",
    "Mild.",
    "Patchy left upper right basilar {noun}.",
    "There is a small {noun} is noted.",
    "The lungs are clear or without {noun}.",
)
GRID = list(product(NOUNS, PLACES))


def filled(template, noun, place):
    return " ".join(template.format(noun=noun, place=place).split()).replace(" .", ".")


@pytest.mark.parametrize("template", WHOLE)
def test_a_finite_or_telegraphic_sentence_has_the_shape_of_one(template):
    texts = [filled(template, noun, place) for noun, place in GRID]
    assert {text: broken_shape(text) for text in texts if broken_shape(text)} == {}


@pytest.mark.parametrize("template", BROKEN)
def test_what_cutting_breaks_has_the_shape_of_none(template):
    texts = [filled(template, noun, place) for noun, place in GRID]
    assert [text for text in texts if has_sentence_shape(text)] == []


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("There is small pleural effusions.", "number-disagrees"),
        ("There are a small nodule.", "number-disagrees"),
        ("Two airspace consolidation.", "number-disagrees"),
        ("A small opacities.", "number-disagrees"),
        ("Calcified granuloma are noted.", "number-disagrees"),
        ("There are small pleural effusions.", ""),
        ("There is a nodule.", ""),
        ("Two nodules.", ""),
        ("A few small opacities.", ""),
        ("There is atelectasis and an effusion.", ""),
    ],
)
def test_articles_numerals_and_verbs_agree_with_their_noun(text, shape):
    assert broken_shape(text) == shape


@pytest.mark.parametrize(
    ("word", "tag"),
    [
        ("mass", "N"),
        ("there", "T"),
        ("seen", "G"),
        ("bibasilar", "J"),
        ("mildly", "R"),
        ("12", "#"),
        ("___", "?"),
    ],
)
def test_a_word_is_tagged_by_list_then_ending_then_as_a_noun(word, tag):
    assert tag_of(word) == tag


def test_a_removed_word_may_stand_for_anything():
    assert has_sentence_shape("There is ___ in the left lung.")


def test_no_word_list_names_a_word_twice():
    for tag, words in table("grammar")["tags"].items():
        assert sorted(set(words)) == sorted(words), tag
