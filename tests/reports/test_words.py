from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.reports.words import Phrases, canonical, common_word, compile_phrases


def test_hyphens_slashes_and_line_breaks_read_as_spaces():
    assert (
        canonical("Left-sided\n effusion and/or PNEUMONIA.").text == "left sided effusion and or pneumonia ."
    )


def test_decimals_stay_one_word():
    assert canonical("1.5 cm").text == "1.5 cm"


@given(st.text())
def test_every_word_points_back_to_its_characters(text):
    words = canonical(text)
    for index in range(len(words)):
        assert words.word(index) == text[words.starts[index] : words.stops[index]].lower()


def test_an_abbreviation_is_read_as_its_long_form_at_its_own_place():
    words = canonical("The LPE is stable.", {"LPE": "left pleural effusion"})
    assert words.text == "the left pleural effusion is stable ."
    begin, end = words.indices(words.text.index("left"), words.text.index(" is"))
    assert {(words.starts[k], words.stops[k]) for k in range(begin, end)} == {(4, 7)}


def test_phrases_match_whole_words_only():
    pattern = compile_phrases(["mass", "masses"])
    assert pattern.search("massive effusion") is None
    assert pattern.search("a mass .") is not None


def test_overlapping_phrases_are_all_seen():
    assert sorted(Phrases.of(["no", "no change"]).spans(canonical("No change"))) == [(0, 1), (0, 2)]


def test_mentions_that_agree_have_a_common_word_and_others_none():
    assert common_word(["small", "", "small"]) == "small"
    assert common_word(["small", "large"]) == common_word(["", ""]) == common_word([]) == ""


def test_a_word_behind_a_slash_is_marked_and_letters_are_not():
    assert canonical("pneumonia/mild effusion").slashed == {1}
    assert canonical("w/o effusion c/w edema").slashed == frozenset()
    assert canonical("pneumonia and effusion").slashed == frozenset()
