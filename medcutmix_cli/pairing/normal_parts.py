"""Parts of the chest that are called normal, and what comes into them: "Normal mediastinum." beside a mass of it.

Knows hila and mediastinum, which no finding's own words speak of; words are data (`rules/normals.toml`).
"""

from __future__ import annotations

from collections.abc import Set
from functools import cache, lru_cache

from medcutmix_cli.pairing.cutting import Span
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.reports.relations import words_of
from medcutmix_cli.reports.words import PhrasePattern, canonical, spans_of


@lru_cache(maxsize=1 << 12)
def parts_of_statement(text: str) -> frozenset[str]:
    """Return the parts that a donor's sentence puts its finding into."""
    words = words_of(text)
    return frozenset(part for part, (into, _) in _parts().items() if into.search(words))


def normal_spans(text: str, parts: Set[str]) -> tuple[Span, ...]:
    """Return where a sentence calls one of some parts normal, offsets into it."""
    called = [normal for part, (_, normal) in _parts().items() if part in parts]
    if not any(normal.search(words_of(text)) for normal in called):
        return ()  # most sentences
    words = canonical(text)
    found = {span for normal in called for span in spans_of(normal, words)}
    return tuple(sorted((words.starts[begin], words.stops[end - 1]) for begin, end in found))


def touched_by(parts: Set[str]) -> frozenset[str]:
    """Return the findings whose denial may go where something comes into some parts."""
    return frozenset(finding for part in parts for finding in table("normals")["part"][part]["touches"])


@cache
def _parts() -> dict[str, tuple[PhrasePattern, PhrasePattern]]:
    rules = table("normals")["part"]
    macros = rules["macro"]
    return {
        part: (PhrasePattern.of(rule["into"], macros), PhrasePattern.of(rule["normal"], macros))
        for part, rule in rules.items()
        if part != "macro"
    }
