"""Does a piece of a report have the shape of a sentence? Words are tagged by closed lists and endings, shapes are data.

A report's sentence is finite ("There is a small effusion.") or telegraphic ("Small left effusion."). What cutting
breaks has neither shape ("Left upper lobe mass is.", "With mild bibasilar."). Knows no finding; an unknown word is a
noun, so that what cannot be told is let pass. How often it errs stands in tests/benchmarks/GRAMMAR.md.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise

from medcutmix_cli.pairing.tables import table
from medcutmix_cli.reports.words import PhrasePattern, canonical

_REMOVED = re.compile(r"x{3,}|_+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:st|nd|rd|th)?")
_MANY = frozenset({"multiple", "several", "few", "many", "two", "three", "four", "five", "numerous"})
_ONE = frozenset({"a", "an"})
_HEAD = re.compile(r"[QJRGSN#U?]*N")
_BE = {"is": "one", "was": "one", "has": "one", "are": "many", "were": "many", "have": "many"}


@lru_cache(maxsize=1 << 14)
def broken_shape(text: str) -> str:
    """Return the name of the first shape of `rules/grammar.toml` that no sentence has and this text does; "" for none.

    Args:
        text: What is to stand as a sentence, with or without its full stop.
    """
    words = _joined(canonical(text).text.rstrip(" .!?")).split()
    tags = "".join(tag_of(word) for word in words)
    for name, pattern in _broken():
        if pattern.search(tags):
            return name
    if _never().search(" ".join(words)):
        return "never-said"
    if any(a == b and a.isalpha() for a, b in pairwise(words)):
        return "word-twice"
    return "" if _agrees(words, tags) else "number-disagrees"


def _joined(text: str) -> str:
    """Put one word for each turn of phrase, so that "mild to moderate" is one adjective."""
    for word, pattern in _phrases():
        text = pattern.sub(word, text)
    return text


def has_sentence_shape(text: str) -> bool:
    """Say whether a text has the shape of a sentence."""
    return not broken_shape(text)


@cache
def tag_of(word: str) -> str:
    """Return the one-letter tag of a canonical word."""
    if _REMOVED.fullmatch(word):
        return "?"
    if _NUMBER.fullmatch(word):
        return "#"
    if not word[0].isalpha() and word not in "/&":
        return word[0] if word[0] in ",;.:()" else ""
    return _listed().get(word) or _by_ending(word)


def _by_ending(word: str) -> str:
    fitting = (tag for tag, endings in table("grammar")["endings"].items() if word.endswith(tuple(endings)))
    return next(fitting, "N") if len(word) > 3 else "N"


def _agrees(words: list[str], tags: str) -> bool:
    """Say whether articles, numerals and verbs agree in number with the noun they belong to."""
    if len(tags) != len(words):
        return True  # a sign without a tag shifts the places
    return not any(
        _is_plural(noun) is (not several)
        for at, word in enumerate(words)
        for noun, several in _bound(words, tags, at, word)
        if noun
    )


def _bound(words: list[str], tags: str, at: int, word: str) -> list[tuple[str, bool]]:
    """Return the noun that a word asks a number of, and whether it asks for several."""
    if word in _ONE and words[at + 1 : at + 2] not in (["few"], ["couple"]):
        return [(_head(words, tags, at + 1), False)]
    if word in _MANY and words[at - 1 : at] not in (["or"], ["and"]):
        return [(_head(words, tags, at + 1), True)]
    if word in _BE and words[at - 1 : at] == ["there"]:
        return [(_head(words, tags, at + 1), _BE[word] == "many")]
    if word in _BE and at and tags[:at].endswith("N") and not set(tags[:at]) & set("PC,/VMH"):
        return [(words[at - 1], _BE[word] == "many")]
    return []


def _head(words: list[str], tags: str, start: int) -> str:
    """Return the last noun of the phrase that begins at a word; "" where it is joined to another."""
    found = _HEAD.match(tags, start + (tags[start : start + 1] == "D"))
    if found is None or tags[found.end() : found.end() + 1] in ("C", ",", "?"):
        return ""
    return words[found.end() - 1]


def _is_plural(noun: str) -> bool | None:
    """Say whether a noun is plural; None where its form does not tell."""
    rules = table("grammar")["number"]
    if noun in rules["plural"]:
        return True
    if noun.endswith(tuple(rules["singular"])):
        return False
    if noun.endswith(("series", "ae", "i", "hila", "septa")) or not noun.isalpha():
        return None
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


@cache
def _listed() -> dict[str, str]:
    found: dict[str, str] = {}
    for tag, words in table("grammar")["tags"].items():
        for word in words:
            found.setdefault(word, tag[0])
    return found


@cache
def _never() -> PhrasePattern:
    return PhrasePattern.of(table("grammar")["never"]["phrases"])


@cache
def _phrases() -> tuple[tuple[str, PhrasePattern], ...]:
    return tuple((word, PhrasePattern.of(listed)) for word, listed in table("grammar")["phrases"].items())


@cache
def _broken() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(shape)) for name, shape in table("grammar")["broken"].items())
