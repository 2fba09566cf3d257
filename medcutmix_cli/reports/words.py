"""A sentence as canonical words: lower case, one space apart, with the way back to character offsets.

All rule tables are regular expressions over this form, so line breaks, hyphens and case need no thought there.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from medcutmix_cli.reports.macros import expand
from medcutmix_cli.reports.spelling import correct_word

# A hyphen, slash or apostrophe inside a word is read as a space: "left-sided", "and/or", "doesn't".
_WORD = re.compile(r"\d+(?:\.\d+)?|[^\W_\d]+|_+|\d+|(?<!\w)[-/'’–]|[-/'’–](?!\w)|[^\w\s/'’–-]")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one sentence.

    Attributes:
        text: The words joined by single spaces.
        begins: Offset of each word in `text` (likewise ends).
        starts: Offset of each word in the sentence, code points (likewise stops).
        slashed: Words that a slash joins to the word before them ("pneumonia/effusion").
    """

    text: str
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    starts: tuple[int, ...]
    stops: tuple[int, ...]
    slashed: frozenset[int] = frozenset()

    def indices(self, begin: int, end: int) -> tuple[int, int]:
        """Return the half-open range of words that `text[begin:end]` covers."""
        return bisect_right(self.ends, begin), bisect_left(self.begins, end)

    def word(self, index: int) -> str:
        """Return one word."""
        return self.text[self.begins[index] : self.ends[index]]

    def __len__(self) -> int:
        return len(self.begins)


def canonical(sentence: str, expansions: Mapping[str, str] | None = None) -> Words:
    """Return the canonical words of a sentence.

    Args:
        sentence: Text of one sentence, line breaks allowed.
        expansions: Abbreviation as printed -> long form; the long form's words stand where the short form does.
    """
    return _canonical(sentence, tuple(sorted(expansions.items())) if expansions else ())


@lru_cache(maxsize=1 << 14)
def _canonical(sentence: str, expansions: tuple[tuple[str, str], ...]) -> Words:
    long_forms = dict(expansions)
    pieces: list[tuple[str, int, int]] = []
    for match in _WORD.finditer(sentence):
        long_form = long_forms.get(match.group()) if long_forms else None
        for word in canonical(long_form).text.split() if long_form else (match.group().lower(),):
            pieces.append((correct_word(word), match.start(), match.end()))
    begins, ends, position = [], [], 0
    for word, _, _ in pieces:
        begins.append(position)
        ends.append(position + len(word))
        position += len(word) + 1
    text = " ".join(word for word, _, _ in pieces)
    starts, stops = tuple(p[1] for p in pieces), tuple(p[2] for p in pieces)
    slashed = _slashed(sentence, starts, stops) if "/" in sentence else frozenset()
    return Words(text, tuple(begins), tuple(ends), starts, stops, slashed)


def _slashed(sentence: str, starts: tuple[int, ...], stops: tuple[int, ...]) -> frozenset[int]:
    """Return the words that a slash joins to the one before; not the letters of "w/o" and "c/w"."""
    return frozenset(
        k
        for k in range(1, len(starts))
        if sentence[stops[k - 1] : starts[k]] == "/"
        and min(stops[k] - starts[k], stops[k - 1] - starts[k - 1]) > 1
    )


def compile_phrases(phrases: Iterable[str], macros: Mapping[str, str] | None = None) -> re.Pattern[str]:
    """Return one pattern that matches any of the phrases as whole words; `{name}` takes a macro's text."""
    expanded = [expand(phrase, macros or {}) for phrase in phrases]
    # Python takes the first alternative that fits, so the longest phrases are tried first.
    body = "|".join(f"(?:{phrase})" for phrase in sorted(expanded, key=len, reverse=True))
    return re.compile(rf"(?<![^ ])(?:{body})(?![^ ])" if body else r"(?!)")


def spans_of(pattern: re.Pattern[str], words: Words) -> list[tuple[int, int]]:
    """Return the word ranges that a pattern matches."""
    return [words.indices(*match.span()) for match in pattern.finditer(words.text)]


@dataclass(frozen=True)
class Phrases:
    """Phrases searched one by one, so that all their matches are seen, overlapping ones too.

    Attributes:
        phrases: As they are listed.
        macros: Name -> text of what they have in braces.
        any_of: One pattern for all; most sentences hold none, and this one search says so.
    """

    phrases: tuple[str, ...]
    macros: Mapping[str, str] | None
    any_of: re.Pattern[str]

    @classmethod
    def of(cls, phrases: Iterable[str], macros: Mapping[str, str] | None = None) -> Phrases:
        """Return the phrases, to be searched."""
        listed = tuple(phrases)
        return cls(listed, macros, compile_phrases(listed, macros))

    @cached_property
    def _single(self) -> tuple[re.Pattern[str], ...]:
        """One pattern per phrase, compiled where one of them is met: most lists are not, in a few reports."""
        return tuple(compile_phrases([phrase], self.macros) for phrase in self.phrases)

    def spans(self, words: Words) -> list[tuple[int, int]]:
        """Return the word range of every match."""
        if self.any_of.search(words.text) is None:
            return []
        text = words.text
        return [words.indices(*match.span()) for phrase in self._single for match in phrase.finditer(text)]


def common_word(given: Iterable[str]) -> str:
    """Return the one word that several mentions give together; "" where they give none, or different ones."""
    different = set(given) - {""}
    return different.pop() if len(different) == 1 else ""
