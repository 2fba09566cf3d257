import pytest

from medcutmix_cli.reports.openings import openings_of


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        pytest.param("no change", {"no"}, id="only-the-first-word-counts"),
        pytest.param("(?:a |the )?small", {"a", "the", "small"}, id="what-may-be-left-out-is-not-counted-on"),
        pytest.param("air ?space|lungs?", {"air", "airspace", "lung", "lungs"}, id="all-ways-of-writing"),
        pytest.param("(?:very )*small", {"very", "small"}, id="a-repetition-of-words-has-an-end"),
        pytest.param("gr[ae]y", {"gray", "grey"}, id="one-letter-of-several"),
        pytest.param("(?<!no )(?=cle)clear(?! of)", {"clear"}, id="what-takes-no-letter-adds-none"),
        pytest.param("clear(?: \\w+)? lungs", {"clear"}, id="any-word-may-be-the-second"),
    ],
)
def test_the_first_words_of_all_matches_are_listed(expression, words):
    assert openings_of(expression) == words


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("\\w+ing", id="any-letter"),
        pytest.param("[^ ]x", id="any-letter-but-one"),
        pytest.param("a*b", id="no-end"),
        pytest.param("(?:small)?", id="nothing-at-all"),
        pytest.param(" small", id="a-blank"),
        pytest.param("(?i:small)", id="letters-of-any-case"),
        pytest.param("[abcdefgh]" * 3, id="more-words-than-are-worth-listing"),
    ],
)
def test_nothing_is_said_where_any_word_may_be_the_first(expression):
    assert openings_of(expression) is None
