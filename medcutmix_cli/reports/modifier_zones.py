"""Which words of a sentence modify which of its findings: those before it, its own, and those behind it.

Knows no side and no degree: only where the words of a finding end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from medcutmix_cli.reports.assertion import Clause, Span
from medcutmix_cli.reports.words import Words

# Words that may stand between two findings which share a modifier.
JOINED = frozenset(["and", "or", ",", "with", "associated", "adjacent", "overlying", "underlying", "some"])
DEGREES = frozenset(["small", "mild", "moderate", "large", "trace", "minimal", "a", "an", "tiny"])
# Verbs between a place and the finding there: "the left base shows a nodule".
_OF_A_PLACE = frozenset(["is", "are", "has", "have", "shows", "show", "demonstrates", "demonstrate"])
# Behind a comma: another place of the same finding.
_ALSO_IN = re.compile(
    r", (?:and|as well as|plus|but also)(?: (?:also|possibly|likely|probably|perhaps))?(?: ,)?"
    r"(?: to an? (?:lesser|greater|smaller|larger|milder) (?:extent|degree))?(?: ,)?"
    r" (?:in|at|within|involving|over|throughout)\b"
)


@dataclass(frozen=True, slots=True)
class Zones:
    """Word ranges that modify one finding: before it, its own, behind it."""

    before: Span
    own: Span
    after: Span

    @property
    def nearest_first(self) -> tuple[Span, Span, Span]:
        """Its own words, those before them, and those behind."""
        return self.own, self.before, self.after


def zones_of(words: Words, clause: Clause, span: Span) -> Zones:
    """Return the words that modify one finding.

    Args:
        words: The sentence.
        clause: Its scope marks.
        span: Word range of the finding.
    """
    begin, end = span
    first = begin
    while first > 0 and not _barrier(words, clause, first - 1):
        first -= 1
    if any(e == first for _, e in clause.named):
        # Words between two findings: those behind the last "and" belong to the second.
        gaps = [k for k in range(first, begin) if k in clause.separators or k in clause.joiners]
        first = gaps[-1] + 1 if gaps else first
    last = _end_of_place(words, clause, end)
    following = [b for b, _ in clause.named if b >= end]
    if following and following[0] <= last:
        gaps = [k for k in range(end, following[0]) if k in clause.separators or k in clause.joiners]
        last = gaps[-1] if gaps else following[0]
    return Zones((first, begin), span, (end, last))


def _end_of_place(words: Words, clause: Clause, end: int) -> int:
    """Return where the words behind a finding end; a second place behind a comma is one of them."""
    last = _next_barrier(words, clause, end)
    also = _ALSO_IN.match(words.text, words.begins[last]) if last < len(words) else None
    if also is None:
        return last
    first = words.indices(also.start(), also.end())[1]
    stop = _next_barrier(words, clause, first)
    told = range(first, min(stop + 1, len(words)))
    own = any(k in clause.verbs for k in told) or any(b in told for b, _ in clause.named)
    return last if own or (stop < len(words) and words.word(stop) not in ",;.)") else stop


def _next_barrier(words: Words, clause: Clause, index: int) -> int:
    while index < len(words) and not _barrier(words, clause, index, forward=True):
        index += 1
    return index


def _barrier(words: Words, clause: Clause, index: int, *, forward: bool = False) -> bool:
    word = words.word(index)
    if word in (",", ";", ".", ":") or (index in clause.stops and word != "there"):
        return True
    if any(b <= index < e for b, e in clause.named):
        return True
    return not forward and index in clause.verbs and word not in _OF_A_PLACE


def shared_zones(words: Words, zones: Sequence[Zones], index: int, between: frozenset[str]) -> list[Span]:
    """Return zones shared in a list: the modifiers before its first finding, and behind its last.

    Args:
        words: The sentence.
        zones: What modifies each finding, in order.
        index: The finding that asks.
        between: Words that may stand between the findings of one list.
    """
    shared: list[Span] = []
    for step, pick in ((-1, "before"), (1, "after")):
        here = index
        while 0 <= here + step < len(zones):
            left, right = sorted((zones[here].own, zones[here + step].own))
            if any(words.word(k) not in between for k in range(left[1], right[0])):
                break
            here += step
        if here != index:
            shared.append(getattr(zones[here], pick))
    return shared


def end_of_list(words: Words, zones: Sequence[Zones], index: int) -> int:
    """Return the word behind the last of the findings that are joined to one."""
    last = index
    while last + 1 < len(zones) and _joined(words, (zones[last].own[1], zones[last + 1].own[0])):
        last += 1
    return zones[last].own[1]


def _joined(words: Words, gap: Span) -> bool:
    return all(words.word(k) in JOINED | DEGREES for k in range(*gap))
