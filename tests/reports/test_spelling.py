"""Misspellings: one wrong keystroke in a long word is put right, and no other word is taken for it."""

import pytest

from medcutmix_cli.reports.lexicon import find_hits
from medcutmix_cli.reports.spelling import correct_word, edit_distance
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import canonical

LONG = [
    "effusion",
    "pneumothorax",
    "consolidation",
    "atelectasis",
    "cardiomegaly",
    "infiltrate",
    "emphysema",
    "pneumonia",
]


def slips(word):
    """Every word that one keystroke inside `word` makes: a letter lost, doubled, or swapped with the next."""
    for k in range(1, len(word) - 1):
        yield word[:k] + word[k + 1 :]
        yield word[: k + 1] + word[k:]
        yield word[:k] + word[k + 1] + word[k] + word[k + 2 :]


@pytest.mark.parametrize("word", LONG)
def test_one_slip_inside_a_long_word_is_read_as_the_word(word):
    wanted = {hit.finding for hit in find_hits(canonical(word))}
    assert wanted
    for slip in slips(word):
        assert {hit.finding for hit in find_hits(canonical(slip))} == wanted, slip


@pytest.mark.parametrize(
    "word",
    [
        *(
            "infusion",
            "diffusion",
            "perfusion",
            "plural",
            "pleura",
            "enema",
            "diffuse",
            "nodule",
            "module",
            "modular",
        ),
        *(
            "hypoinflated",
            "hypoinflation",
            "engorgement",
            "infarction",
            "injection",
            "inspection",
            "capacity",
            "opacify",
        ),
        *(
            "carcinoid",
            "within",
            "cardiomyopathy",
            "pneumonectomy",
            "resolves",
            "hemithorax",
            "mediastinoscopy",
        ),
    ],
)
def test_a_right_word_that_is_near_another_stays(word):
    assert correct_word(word) == word


def test_no_word_of_the_lexicon_is_read_as_another():
    words = table("spelling")["words"]
    for word in [*words["right"], *words["other"], *words["short"]]:
        assert correct_word(word) == word


def test_a_swap_in_a_side_is_put_right():
    assert [correct_word(word) for word in ("rigth", "lfet", "right", "left", "felt")] == [
        "right", "left", "right", "left", "felt",
    ]  # fmt: skip


def test_a_correction_keeps_the_place_of_the_word_as_printed():
    words = canonical("No pnuemothorax.")
    assert words.text == "no pneumothorax ."
    assert (words.starts[1], words.stops[1]) == (3, 15)


@pytest.mark.parametrize(
    ("one", "other", "edits"), [("ab", "ba", 1), ("abc", "abc", 0), ("abc", "ac", 1), ("", "ab", 2)]
)
def test_edits_are_counted_a_swap_as_one(one, other, edits):
    assert edit_distance(one, other) == edit_distance(other, one) == edits
