"""The critic's words (`rules/critic.toml`), compiled once; and whether words of a sentence are asserted."""

from __future__ import annotations

from functools import cache, lru_cache

from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.assertion import assertion_at, read_clause
from medcutmix_cli.reports.relations import words_of
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern, canonical, spans_of
from medcutmix_cli.sides import side_named, side_word


@cache
def critic_words(part: str, name: str) -> PhrasePattern:
    """Return one list of the table as a pattern over canonical words."""
    return PhrasePattern.of(table("critic")[part][name])


@lru_cache(maxsize=1 << 15)
def says(text: str, part: str, name: str) -> bool:
    """Say whether a sentence holds words of one list."""
    return critic_words(part, name).search(words_of(text)) is not None


@lru_cache(maxsize=1 << 14)
def lists_of(text: str, part: str) -> frozenset[str]:
    """Return the names of the lists of one part of the table that a sentence holds words of."""
    words = words_of(text)
    return frozenset(name for name in table("critic")[part] if critic_words(part, name).search(words))


def asserts(text: str, pattern: PhrasePattern) -> bool:
    """Say whether a sentence states what a pattern finds, hedged or not: "No shift." does not."""
    words = canonical(text)
    spans = spans_of(pattern, words)
    if not spans:
        return False
    clause = read_clause(words, spans)
    return any(
        assertion_at(clause, begin, end) in (Assertion.PRESENT, Assertion.UNCERTAIN) for begin, end in spans
    )


def only_side(text: str) -> str:
    """Return "left" or "right" where a sentence names that side alone, else ""."""
    return side_word(side_named(words_of(text)))
