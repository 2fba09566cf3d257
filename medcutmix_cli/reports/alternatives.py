"""Findings named as alternatives: "A or B", "A/B", where neither is known to be there. Knows no cue and no scope."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern, Words

Span = tuple[int, int]


def find_alternatives(words: Words, named: Sequence[Span]) -> frozenset[Span]:
    """Return the findings of a sentence that are members of an alternative.

    Args:
        words: The sentence.
        named: Word ranges of its findings, in order.
    """
    if len(named) < 2 or not (words.slashed or _pattern("joiners").search(words.text)):
        return frozenset()
    either: set[Span] = set()
    for index, (one, other) in enumerate(pairwise(named)):
        if one[1] <= other[0] and (_is_either(words, one, other) or _is_offered(words, one, other)):
            either.update(named[_first_of_list(words, named, index) : index + 2])
    return frozenset(either)


def names_one_thing_twice(words: Words, named: Sequence[Span]) -> bool:
    """Return whether two findings are words for one thing, of which either may be wrong: "scarring or atelectasis"."""
    if len(named) < 2 or not (words.slashed or _pattern("joiners").search(words.text)):
        return False
    pairs = pairwise(sorted(set(named)))
    return any(one[1] <= other[0] and _is_one_phrase(words, one, other) for one, other in pairs)


def _is_either(words: Words, one: Span, other: Span) -> bool:
    """Return whether one of two neighbours stands for the other, and no fixed phrase joins them."""
    if _is_one_phrase(words, one, other):
        return False
    gap = _text(words, (one[1], other[0]))
    slash = any(k in words.slashed for k in range(one[1], other[0] + 1))
    if slash and _pattern("compounds").fullmatch(_text(words, (one[0], other[1]))):
        return False
    return (slash and not gap) or _pattern("between").fullmatch(gap) is not None


def _is_offered(words: Words, one: Span, other: Span) -> bool:
    """Return whether both of two neighbours are offered behind them: "effusion, atelectasis, or both"."""
    rest = words.text[words.ends[other[1] - 1] + 1 :]
    listed = _pattern("listed").fullmatch(_text(words, (one[1], other[0])))
    return listed is not None and _pattern("offered").match(rest) is not None


def _is_one_phrase(words: Words, one: Span, other: Span) -> bool:
    """Return whether two words for one thing are joined in one noun phrase: "left base scarring or atelectasis"."""
    gap, ends = _text(words, (one[1], other[0])), [_text(words, span) for span in (one, other)]
    if not gap and other[0] not in words.slashed:
        return False
    if _pattern("both").fullmatch(gap):
        return all(any(kin.fullmatch(end) for kin in _kindred()) for end in ends)
    if gap and not _pattern("directly").fullmatch(gap):
        return False
    return any(all(kin.fullmatch(end) for end in ends) for kin in _kindred())


def _first_of_list(words: Words, named: Sequence[Span], index: int) -> int:
    """Return where a list of alternatives begins: "A, B or C"; a mere shadow before a comma is what they explain."""
    while index > 0 and _text(words, (named[index - 1][1], named[index][0])) == ",":
        if _pattern("shadows").fullmatch(_text(words, named[index - 1])):
            break
        index -= 1
    return index


def _text(words: Words, span: Span) -> str:
    begin, end = span
    return words.text[words.begins[begin] : words.ends[end - 1]] if begin < end else ""


@cache
def _pattern(role: str) -> PhrasePattern:
    rules = table("alternatives")
    return PhrasePattern.of(rules[role]["phrases"], rules["macro"])


@cache
def _kindred() -> tuple[PhrasePattern, ...]:
    rules = table("alternatives")
    return tuple(PhrasePattern.of([phrase], rules["macro"]) for phrase in rules["kindred"]["phrases"])
