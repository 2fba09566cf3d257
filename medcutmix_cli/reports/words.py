"""A sentence as canonical words: lower case, one space apart, with the way back to character offsets.

All rule tables are regular expressions over this form, so line breaks, hyphens and case need no thought there.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Generic, TypeVar

from medcutmix_cli.reports.macros import expand
from medcutmix_cli.reports.openings import openings_of
from medcutmix_cli.reports.spelling import correct_word

# A hyphen, slash or apostrophe inside a word is read as a space: "left-sided", "and/or", "doesn't".
_WORD = re.compile(r"\d+(?:\.\d+)?|[^\W_\d]+|_+|\d+|(?<!\w)[-/'’–]|[-/'’–](?!\w)|[^\w\s/'’–-]")

_Name = TypeVar("_Name")


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


@dataclass(frozen=True, eq=False)
class PhrasePattern:
    """The pattern that `compile_phrases` makes, tried only at words that a phrase begins with.

    Most sentences hold no such word of most lists: to see that takes a twentieth of the time of a search. Where nobody
    asks for more, nothing is compiled.

    Attributes:
        phrases: As they are listed.
        macros: Name -> text of what they have in braces.
    """

    phrases: tuple[str, ...] = ()
    macros: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, phrases: Iterable[str], macros: Mapping[str, str] | None = None) -> PhrasePattern:
        """Return the pattern of a list; `{name}` takes a macro's text."""
        return cls(tuple(phrases), macros or {})

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern itself."""
        return compile_phrases(self.phrases, self.macros)

    @cached_property
    def openings(self) -> frozenset[str] | None:
        """The words that its matches begin with; None where they cannot be listed."""
        listed = [openings_of(expand(phrase, self.macros)) for phrase in self.phrases]
        return None if None in listed else frozenset().union(*filter(None, listed))

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match."""
        if self.openings is None:
            return self.compiled.search(text)
        return next((found for at in self._places(text) if (found := self.compiled.match(text, at))), None)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Return all matches, in order, without overlap."""
        if self.openings is None:
            return self.compiled.finditer(text)
        places = self._places(text)
        return self._at_places(text, places) if places else iter(())

    def _at_places(self, text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
        end = 0
        for at in places:
            found = self.compiled.match(text, at) if at >= end else None
            if found:
                end = found.end()
                yield found

    def _places(self, text: str) -> Sequence[int]:
        """Return where a match may begin, in order."""
        words, openings = places_of_words(text), self.openings or frozenset()
        if openings.isdisjoint(words):
            return ()
        return sorted(at for word, places in words.items() if word in openings for at in places)

    def match(self, text: str) -> re.Match[str] | None:
        """Return the match at the beginning."""
        return self.compiled.match(text) if self._may_open(text) else None

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Return the match of all of a text."""
        return self.compiled.fullmatch(text) if self._may_open(text) else None

    def _may_open(self, text: str) -> bool:
        return self.openings is None or text.partition(" ")[0] in self.openings

    def sub(self, by: str, text: str) -> str:
        """Return a text with every match replaced."""
        return self.compiled.sub(by, text) if self.search(text) else text


@lru_cache(maxsize=1 << 10)
def places_of_words(text: str) -> dict[str, list[int]]:
    """Return where each word between blanks begins, in order."""
    places: dict[str, list[int]] = {}
    begin = 0
    for word in text.split(" "):
        places.setdefault(word, []).append(begin)
        begin += len(word) + 1
    return places


def spans_of(pattern: PhrasePattern | re.Pattern[str], words: Words) -> list[tuple[int, int]]:
    """Return the word ranges that a pattern matches."""
    return [words.indices(*match.span()) for match in pattern.finditer(words.text)]


class PhraseTable(Generic[_Name]):
    """Lists of phrases searched one by one, so that all their matches are seen, overlapping ones too.

    One look at a sentence's words says which of all their phrases may stand in it.
    """

    def __init__(
        self, lists: Iterable[tuple[_Name, Iterable[str]]], macros: Mapping[str, str] | None = None
    ) -> None:
        """Keep phrases with the names of their lists; `{name}` takes a macro's text."""
        named = [(name, phrase) for name, phrases in lists for phrase in phrases]
        self._names = tuple(name for name, _ in named)
        self._phrases = tuple(PhrasePattern((phrase,), macros or {}) for _, phrase in named)

    @cached_property
    def _opened_by(self) -> dict[str, list[int]]:
        """Word -> the phrases a match of which begins with it."""
        opened: dict[str, list[int]] = {}
        for number, phrase in enumerate(self._phrases):
            for word in phrase.openings or ():
                opened.setdefault(word, []).append(number)
        return opened

    @cached_property
    def _open_to_any(self) -> tuple[int, ...]:
        """The phrases whose first words cannot be listed."""
        return tuple(k for k, phrase in enumerate(self._phrases) if phrase.openings is None)

    def matches(self, words: Words) -> list[tuple[_Name, int, int]]:
        """Return the name of its list and the word range of every match, phrase by phrase."""
        found = sorted([*self._listed_matches(words.text), *self._other_matches(words.text)])
        return [(self._names[number], *words.indices(begin, end)) for number, begin, end in found]

    def _listed_matches(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield (phrase, begin, end) of the matches that begin with words which are listed."""
        opened = self._opened_by
        tries = [
            (number, at)
            for word, places in places_of_words(text).items()
            if word in opened
            for number in opened[word]
            for at in places
        ]
        last = (0, 0)
        for number, at in sorted(tries):
            found = self._phrases[number].compiled.match(text, at) if (number, at) >= last else None
            if found:
                last = (number, found.end())
                yield number, at, found.end()

    def _other_matches(self, text: str) -> Iterator[tuple[int, int, int]]:
        for number in self._open_to_any:
            for found in self._phrases[number].compiled.finditer(text):
                yield number, *found.span()


def common_word(given: Iterable[str]) -> str:
    """Return the one word that several mentions give together; "" where they give none, or different ones."""
    different = set(given) - {""}
    return different.pop() if len(different) == 1 else ""
