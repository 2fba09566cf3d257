import re
import tomllib
from importlib.resources import files
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.reports.words import PhrasePattern, PhraseTable, canonical, common_word, compile_phrases

TABLES = sorted(
    table
    for room in ("reports", "pairing")
    for table in files(f"medcutmix_cli.{room}").joinpath("rules").iterdir()
    if table.name.endswith(".toml")
)


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


def test_overlapping_phrases_are_all_seen_with_their_lists():
    table = PhraseTable([("denied", ["no"]), ("same", ["no change", "\\w+ change"])])
    assert table.matches(canonical("No change")) == [("denied", 0, 1), ("same", 0, 2), ("same", 0, 2)]


def test_matches_of_one_phrase_do_not_overlap():
    table = PhraseTable([("twice", ["very(?: very)?"])])
    assert table.matches(canonical("very very very")) == [("twice", 0, 2), ("twice", 2, 3)]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.parent.name}-{path.name}")
def test_a_list_finds_the_same_whether_it_looks_at_first_words_or_not(path):
    content = tomllib.loads(path.read_text("utf-8"))
    macros = {k: v for k, v in content.get("macro", {}).items() if isinstance(v, str)}
    for phrases in _lists_of_phrases(content, macros):
        pattern, plain = PhrasePattern.of(phrases, macros), compile_phrases(phrases, macros)
        for text in _texts(phrases):
            spans = [found.span() for found in plain.finditer(text)]
            assert [found.span() for found in pattern.finditer(text)] == spans
            assert _span(pattern.search(text)) == (spans[0] if spans else None)
            assert _span(pattern.match(text)) == _span(plain.match(text))
            assert _span(pattern.fullmatch(text)) == _span(plain.fullmatch(text))
            assert pattern.sub("#", text) == plain.sub("#", text)


def _lists_of_phrases(content, macros):
    if isinstance(content, dict):
        for part in content.values():
            yield from _lists_of_phrases(part, macros)
    elif isinstance(content, list) and content and all(isinstance(phrase, str) for phrase in content):
        yield [phrase for phrase in content if _is_expression(phrase, macros)]
    elif isinstance(content, list):
        for part in content:
            yield from _lists_of_phrases(part, macros)


def _is_expression(phrase, macros):
    try:
        return compile_phrases([phrase], macros).fullmatch("") is None
    except re.error:
        return False


def _texts(phrases):
    """Return texts of the words of phrases, and of some that join them, at random."""
    words = [*re.findall(r"[a-z]+|[,.;?]", " ".join(phrases)), "the", "is", "no", "of", "3", "cm", ","]
    draw = Random(0)
    return ["", *(" ".join(draw.choices(words, k=draw.randrange(1, 9))) for _ in range(25)), *phrases]


def _span(found):
    return found.span() if found else None


def test_mentions_that_agree_have_a_common_word_and_others_none():
    assert common_word(["small", "", "small"]) == "small"
    assert common_word(["small", "large"]) == common_word(["", ""]) == common_word([]) == ""


def test_a_word_behind_a_slash_is_marked_and_letters_are_not():
    assert canonical("pneumonia/mild effusion").slashed == {1}
    assert canonical("w/o effusion c/w edema").slashed == frozenset()
    assert canonical("pneumonia and effusion").slashed == frozenset()
