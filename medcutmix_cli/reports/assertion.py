"""Whether a finding named at some words is present, absent, uncertain or resolved, by cues and their scopes.

Works on any marked words of a sentence, so it can be scored on concepts that the lexicon does not know.
The cues are data (`rules/assertion.toml`); the manner is ConText's (Harkema 2009), with scopes cut for lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.tables import remember, table
from medcutmix_cli.reports.words import Phrases, Words, compile_phrases

Span = tuple[int, int]

_PLURAL = frozenset({"are", "were", "have", "both", "all"})


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue in a sentence, in word indices; category "none" silences the cues that it holds.

    Attributes:
        lists: Whether a list follows ("the differential includes ..."), whatever its members begin with.
    """

    category: str
    direction: str
    begin: int
    end: int
    lists: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """What of a sentence decides how far a cue reaches, computed once per sentence.

    Attributes:
        cues: Cues that count, in order.
        plural: Words that say that a cue behind a list is about all of it ("effusion and edema are not seen").
        stops: Words that no scope crosses (likewise the next four, by their role in the table).
        named: Word ranges of all findings of the sentence.
    """

    cues: tuple[Cue, ...]
    plural: frozenset[int]
    stops: frozenset[int]
    separators: frozenset[int]
    joiners: frozenset[int]
    verbs: frozenset[int]
    starts: frozenset[int]
    perhaps: frozenset[int]
    named: tuple[Span, ...]


def read_clause(words: Words, named: Sequence[Span]) -> Clause:
    """Return the cues and scope marks of a sentence; what shares words with a finding is no cue."""
    inside = {index for begin, end in named for index in range(begin, end)}
    cues = tuple(_longest([cue for cue in _matches(words) if inside.isdisjoint(range(cue.begin, cue.end))]))
    of_cues = {index for cue in cues for index in range(cue.begin, cue.end)}
    marks = {
        role: frozenset(
            index
            for match in pattern.finditer(words.text)
            for index in range(*words.indices(*match.span()))
            if index not in of_cues and index not in inside
        )
        for role, pattern in _scope().items()
    }
    firsts = frozenset(cue.begin for cue in cues if cue.direction == "before")
    return Clause(
        cues,
        frozenset(k for k in range(len(words)) if words.word(k) in _PLURAL),
        marks["terminators"],
        marks["separators"],
        marks["joiners"],
        marks["verbs"],
        marks["starts"] | firsts,
        marks["perhaps"],
        tuple(sorted(set(named))),
    )


def assertion_at(clause: Clause, begin: int, end: int) -> Assertion:
    """Return what the sentence says of the finding at words `begin:end`."""
    after = [
        c for c in clause.cues if c.direction == "after" and c.begin >= end and _reaches_back(clause, c, end)
    ]
    if after and after[0].category != "none":
        return Assertion(after[0].category)
    before = [c for c in clause.cues if c.direction == "before" and c.end <= begin]
    reaching = [cue for cue in before if _reaches_on(clause, cue, begin)]
    return _combine([cue.category for cue in reaching])


def _combine(categories: Sequence[str]) -> Assertion:
    """Return what the cues before a finding say together, outermost first."""
    if "absent" in categories:
        # "probably no effusion" hedges the denial; "no opacity to suggest pneumonia" denies the hedge.
        hedged = "uncertain" in categories[: categories.index("absent")]
        return Assertion.UNCERTAIN if hedged else Assertion.ABSENT
    if "resolved" in categories:
        return Assertion.RESOLVED
    return Assertion.UNCERTAIN if "uncertain" in categories else Assertion.PRESENT


def _reaches_on(clause: Clause, cue: Cue, begin: int) -> bool:
    """Return whether a cue's scope reaches forward to the finding that starts at word `begin`."""
    in_list = False
    for index in range(cue.end, begin):
        if index in clause.stops or (index in clause.verbs and in_list):
            return False
        if index in clause.separators and _starts_anew(clause, index + 1, listed=cue.lists):
            return False
        in_list = in_list or index in clause.separators or _named_before(clause, cue.end, index)
    return True


def _named_before(clause: Clause, begin: int, end: int) -> bool:
    return any(begin <= b and e <= end for b, e in clause.named)


def _starts_anew(clause: Clause, index: int, *, listed: bool) -> bool:
    if index in clause.separators:
        return False  # ", and": the next word decides
    if index in clause.starts:
        return True
    if listed or index not in clause.perhaps:
        return False
    end = min((stop for stop in clause.stops if stop > index), default=1 << 30)
    return not any(index < joiner < end for joiner in clause.joiners)


def _reaches_back(clause: Clause, cue: Cue, end: int) -> bool:
    """Return whether a cue's scope reaches back to the finding that ends before word `end`."""
    gap = range(end, cue.begin)
    if any(index in clause.stops for index in gap):
        return False
    if any(c.begin in gap for c in clause.cues if c.category != "none"):
        return False
    if any(index in clause.verbs for index in gap):
        return False
    joined = cue.begin in clause.plural or any(index in clause.joiners for index in gap)
    between = any(end <= b and e <= cue.begin for b, e in clause.named)
    listed = any(index in clause.separators for index in gap)
    return joined or not (between or listed)


def _matches(words: Words) -> list[Cue]:
    return [
        Cue(category, direction, begin, end, lists)
        for category, direction, lists, phrases in _cues()
        for begin, end in phrases.spans(words)
    ]


def _longest(cues: Sequence[Cue]) -> list[Cue]:
    """Return the cues without those that overlap a longer one; equal spans stay together ("versus")."""
    kept: list[Cue] = []
    for cue in sorted(dict.fromkeys(cues), key=lambda c: (c.begin - c.end, c.begin, c.category != "none")):
        clash = [k for k in kept if cue.begin < k.end and k.begin < cue.end]
        if all((k.begin, k.end) == (cue.begin, cue.end) and k.category == cue.category for k in clash):
            kept.append(cue)
    return sorted(kept, key=lambda cue: (cue.begin, cue.end))


@remember()
def _cues() -> tuple[tuple[str, str, bool, Phrases], ...]:
    rules = table("assertion")
    return tuple(
        (
            cue["category"],
            cue["direction"],
            cue.get("lists", False),
            Phrases.of(cue["phrases"], rules["macro"]),
        )
        for cue in rules["cue"]
    )


@cache
def _scope() -> dict[str, re.Pattern[str]]:
    rules = table("assertion")
    return {role: compile_phrases(phrases, rules["macro"]) for role, phrases in rules["scope"].items()}
