"""What a picture shows beside the findings of the lexicon, and the signs of a finding. Words are data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from medcutmix_cli.pairing.tables import table
from medcutmix_cli.reports.relations import relation_of, words_of
from medcutmix_cli.reports.words import PhrasePattern, canonical


def observations(text: str, leaving: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the words of a text for what a picture shows and no finding names ("low lung volumes").

    Args:
        text: One sentence, or a part of one.
        leaving: Findings whose signs do not count: they leave with them.
    """
    words = words_of(text)
    signs = [span for finding in leaving for span in _sign_spans(words, finding)]
    return tuple(
        match.group()
        for match in _pattern("observation").finditer(words)
        if not any(start < match.end() and match.start() < end for start, end in signs)
    )


def signs(text: str, findings: Iterable[str], staying: Iterable[str] = ()) -> tuple[tuple[int, int], ...]:
    """Return where a text asserts a sign of one of the findings: "shift of the mediastinum", not "no shift".

    Args:
        text: One sentence.
        findings: Lexicon ids.
        staying: Findings whose signs are left out: what is a sign of both is not lost with one.

    Returns:
        Offsets into the text, sorted.
    """
    words = canonical(text)
    if _DENIED.search(words.text):
        return ()
    theirs = {span for finding in staying for span in _sign_spans(words.text, finding)}
    spans = {span for finding in findings for span in _sign_spans(words.text, finding)} - theirs
    found = {words.indices(*span) for span in spans}
    return tuple(sorted((words.starts[begin], words.stops[end - 1]) for begin, end in found))


_DENIED = re.compile(r"\b(?:no|not|without|midline|negative|normal|absence)\b")


def _sign_spans(words: str, finding: str) -> list[tuple[int, int]]:
    """Return where canonical words name a sign: by this room's table, or by that of relations, which knows no picture.

    What of the latter is an observation of its own (an elevated diaphragm) is still shown when the finding has left.
    """
    own = [match.span() for match in _signs(finding).finditer(words)]
    shown = [match.span() for match in _pattern("observation").finditer(words)]
    related = (match.span() for match in relation_of(finding).signs.finditer(words))
    return own + [s for s in related if not any(s[0] < end and start < s[1] for start, end in (*shown, *own))]


@cache
def _signs(finding: str) -> PhrasePattern:
    return PhrasePattern.of(table("observations")["signs"].get(finding, ()))


@cache
def _pattern(name: str) -> PhrasePattern:
    return PhrasePattern.of(table("observations")[name]["phrases"])
