"""Side, location, severity and prior reference of each finding, from the words that stand by it.

Knows neither sections nor assertion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from medcutmix_cli.records import Side
from medcutmix_cli.reports.assertion import Clause, Span
from medcutmix_cli.reports.lexicon import sidedness
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern, Words, spans_of
from medcutmix_cli.sides import joint_side

# Words that may stand between two findings which share a modifier.
_JOINED = frozenset(["and", "or", ",", "with", "associated", "adjacent", "overlying", "underlying", "some"])
_DEGREES = frozenset(["small", "mild", "moderate", "large", "trace", "minimal", "a", "an", "tiny"])
# Verbs between a place and the finding there: "the left base shows a nodule".
_OF_A_PLACE = frozenset(["is", "are", "has", "have", "shows", "show", "demonstrates", "demonstrate"])
_BOTH_LUNGS = "both"  # rules/attributes.toml: words for both sides, unless one side is named beside them
# A sentence that compares as a whole.
_WHOLE = re.compile(
    r"\b(?:compared (?:to|with)|in comparison (?:to|with)|since (?:the )?(?:prior|previous|last))\b"
)


# Behind a comma: another place of the same finding.
_ALSO_IN = re.compile(
    r", (?:and|as well as|plus|but also)(?: (?:also|possibly|likely|probably|perhaps))?(?: ,)?"
    r"(?: to an? (?:lesser|greater|smaller|larger|milder) (?:extent|degree))?(?: ,)?"
    r" (?:in|at|within|involving|over|throughout)\b"
)


# Behind a list and a comma: how much there is of it, and on which side.
_TOLD_BEHIND = re.compile(
    r" , (?:(?:trace|tiny|small|minimal|mild|moderate|large|severe|to|in size|size|both|all) )+"
    r"(?:on|in|at) (?:the )?(?P<side>left|right)"
    r"(?: (?:side|base|lung|apex|lower lobe|upper lobe|costo ?phrenic angle))?(?= [.,;)]|$)"
)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the words around a finding say of it; fields as in `records.Mention`."""

    side: Side
    location: str
    severity: str
    prior: bool
    measurement: str


@dataclass(frozen=True, slots=True)
class _Zones:
    """Word ranges that modify one finding: before it, its own, behind it."""

    before: Span
    own: Span
    after: Span


def read_attributes(
    words: Words, clause: Clause, spans: Sequence[Span], findings: Sequence[str]
) -> list[Attributes]:
    """Return the attributes of every finding of a sentence.

    Args:
        words: The sentence.
        clause: Its scope marks.
        spans: Word range of each finding, in order.
        findings: Lexicon id of each.
    """
    zones = [_zones(words, clause, span) for span in spans]
    marks = _Marks.of(words)
    whole = _WHOLE.search(words.text) is not None
    sides = _sides(words, marks, zones, findings)
    alone = len(set(findings)) == 1
    found = []
    for index, (zone, finding) in enumerate(zip(zones, findings, strict=True)):
        near = (*_all(zone), *_mates(words, zones, index, _JOINED))
        prior = whole or any(map(marks.has_prior, near)) or _compared_aside(words, clause, marks, zone.own)
        location = "" if sidedness().get(finding) == "no" else marks.location(_all(zone))
        size = marks.size(_all(zone)) or (marks.size(((0, len(words)),)) if alone else "")
        found.append(Attributes(sides[index], location, marks.severity(_all(zone)), prior, size))
    return found


def _sides(words: Words, marks: _Marks, zones: Sequence[_Zones], findings: Sequence[str]) -> list[Side]:
    """Return the side of every finding: from its own words, its list, what it is taken for, its sentence."""
    sides = [
        Side.NONE if sidedness().get(finding) == "no" else _own_side(marks, zone)
        for zone, finding in zip(zones, findings, strict=True)
    ]
    free = [index for index, finding in enumerate(findings) if sidedness().get(finding, "yes") == "yes"]
    for index in free:
        if sides[index] is Side.NONE:
            sides[index] = marks.side(_mates(words, zones, index, _JOINED | _DEGREES))
    for before, index in pairwise(free):
        if sides[index] is Side.NONE and marks.joins_two_names((zones[before].own[1], zones[index].own[0])):
            sides[index] = sides[before]
    for index in free:
        if sides[index] is Side.NONE and _compared_behind(words, marks, zones, index):
            sides[index] = Side.BILATERAL
        if sides[index] is Side.NONE:
            sides[index] = _side_behind(words, zones, index)
    if len({findings[index] for index in free}) == 1:
        # "On the left, there is an effusion", "Effusion, left, small": the only finding takes any side named.
        anywhere = marks.side(((0, len(words)),))
        for index in free:
            sides[index] = anywhere if sides[index] is Side.NONE else sides[index]
    return sides


def _compared_behind(words: Words, marks: _Marks, zones: Sequence[_Zones], index: int) -> bool:
    """Return whether both sides are compared behind the list of a finding: "effusions and atelectasis, L>R"."""
    end = _end_of_list(words, zones, index)
    return any(
        name == "bilateral"
        and span[1] - span[0] > 1
        and 0 < span[0] - end <= 2
        and words.word(span[0] - 1) in ",("
        for name, span in marks.sides
    )


def _side_behind(words: Words, zones: Sequence[_Zones], index: int) -> Side:
    """Return the side that is told behind the list of a finding: "pneumothorax and effusion, small on the right"."""
    told = _TOLD_BEHIND.match(words.text, words.ends[_end_of_list(words, zones, index) - 1])
    return Side(told.group("side")) if told else Side.NONE


def _end_of_list(words: Words, zones: Sequence[_Zones], index: int) -> int:
    """Return the word behind the last of the findings that are joined to one."""
    last = index
    while last + 1 < len(zones) and _joined(words, (zones[last].own[1], zones[last + 1].own[0])):
        last += 1
    return zones[last].own[1]


def _joined(words: Words, gap: Span) -> bool:
    return all(words.word(k) in _JOINED | _DEGREES for k in range(*gap))


def _all(zone: _Zones) -> tuple[Span, Span, Span]:
    return zone.own, zone.before, zone.after


def _compared_aside(words: Words, clause: Clause, marks: _Marks, own: Span) -> bool:
    """Return whether a comparison stands apart from the finding: "effusion, unchanged", "again, an effusion"."""
    for begin, end in marks.priors:
        if begin >= own[1]:
            between, beyond = (own[1], begin), [b for b, _ in clause.named if b >= end]
            # In "effusion, stable cardiomegaly" the comparison is the next finding's.
            free = not beyond or any(words.word(k) in (",", ";") for k in range(end, beyond[0]))
        else:
            between, free = (end, own[0]), not any(e <= begin for _, e in clause.named)
        alone = not any(b < between[1] and between[0] < e for b, e in clause.named)
        if free and alone and all(words.word(k) != ";" for k in range(*between)):
            return True
    return False


def _own_side(marks: _Marks, zone: _Zones) -> Side:
    near, far = marks.side((zone.own, marks.own_part(zone.before))), marks.side((zone.after,))
    if far is not Side.NONE and marks.names_no_side((zone.own, zone.before)):
        return far  # "the lungs show an opacity in the left base"
    return far if near is Side.NONE or (far is Side.BILATERAL and marks.compares(zone.after)) else near


def _zones(words: Words, clause: Clause, span: Span) -> _Zones:
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
    return _Zones((first, begin), span, (end, last))


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


def _mates(words: Words, zones: Sequence[_Zones], index: int, between: frozenset[str]) -> list[Span]:
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


@dataclass(frozen=True, slots=True)
class _Marks:
    """Every attribute word of a sentence as (name, word range)."""

    sides: tuple[tuple[str, Span], ...]
    locations: tuple[tuple[str, Span], ...]
    severities: tuple[tuple[str, Span], ...]
    priors: tuple[Span, ...]
    equates: tuple[Span, ...]
    withs: tuple[Span, ...]
    sizes: tuple[tuple[str, Span], ...]

    @classmethod
    def of(cls, words: Words) -> _Marks:
        blocked = {k for b, e in spans_of(_patterns()["side.ignore"], words) for k in range(b, e)}
        sides = [m for m in _marked(words, "side.") if not blocked.intersection(range(*m[1]))]
        severities = [_worded(words, span) for _, span in _marked(words, "severity.")]
        sizes = [_worded(words, span) for span in spans_of(_sizes(), words)]
        priors = [span for _, span in _marked(words, "prior.")]
        equates = spans_of(_patterns()["side.equates"], words)
        return cls(
            tuple(sides),
            tuple(_marked(words, "location.")),
            tuple(severities),
            tuple(priors),
            tuple(equates),
            tuple((k, k + 1) for k in range(len(words)) if words.word(k) == "with"),
            tuple(sizes),
        )

    def side(self, zones: Sequence[Span]) -> Side:
        names = {name for name, span in self.sides if _within(span, zones)}
        named = joint_side(Side(name) for name in names - {_BOTH_LUNGS})  # sides.py, clause 2
        return Side.BILATERAL if named is Side.NONE and _BOTH_LUNGS in names else named

    def own_part(self, zone: Span) -> Span:
        """Return a zone behind its last "with", where another thing stands before it on the other side."""
        behind = [end for _, end in self.withs if zone[0] < end <= zone[1]]
        if not behind:
            return zone
        one, other = (zone[0], behind[-1]), (behind[-1], zone[1])
        named = {name for name, span in self.sides if _within(span, (one,))}
        own = {name for name, span in self.sides if _within(span, (other,))}
        return other if (named, own) in (({"left"}, {"right"}), ({"right"}, {"left"})) else zone

    def names_no_side(self, zones: Sequence[Span]) -> bool:
        """Return whether zones name no side, but at best both lungs."""
        return all(name == _BOTH_LUNGS for name, span in self.sides if _within(span, zones))

    def compares(self, zone: Span) -> bool:
        return any(
            name == "bilateral" and span[1] - span[0] > 1
            for name, span in self.sides
            if _within(span, (zone,))
        )

    def location(self, zones: Sequence[Span]) -> str:
        return next((name for zone in zones for name, span in self.locations if _within(span, (zone,))), "")

    def severity(self, zones: Sequence[Span]) -> str:
        for zone in zones:
            here = [name for name, span in self.severities if _within(span, (zone,))]
            if here:
                return max(here, key=len)
        return ""

    def size(self, zones: Sequence[Span]) -> str:
        return next((size for zone in zones for size, span in self.sizes if _within(span, (zone,))), "")

    def has_prior(self, zone: Span) -> bool:
        return any(_within(span, (zone,)) for span in self.priors)

    def joins_two_names(self, gap: Span) -> bool:
        return any(_within(span, (gap,)) for span in self.equates)


def _worded(words: Words, span: Span) -> tuple[str, Span]:
    return words.text[words.begins[span[0]] : words.ends[span[1] - 1]], span


def _within(span: Span, zones: Sequence[Span]) -> bool:
    return any(begin <= span[0] and span[1] <= end for begin, end in zones)


def _marked(words: Words, prefix: str) -> list[tuple[str, Span]]:
    text = words.text
    return [
        (name, words.indices(*match.span()))
        for name, pattern in _group(prefix)
        for match in pattern.finditer(text)
    ]


@cache
def _group(prefix: str) -> tuple[tuple[str, PhrasePattern], ...]:
    """Return the patterns whose names begin with `prefix`, by the rest of their names."""
    return tuple(
        (name.removeprefix(prefix), pattern)
        for name, pattern in _patterns().items()
        if name.startswith(prefix) and name not in ("side.ignore", "side.equates")
    )


@cache
def _sizes() -> PhrasePattern:
    return PhrasePattern.of(table("attributes")["flags"]["measurement"])


@cache
def _patterns() -> dict[str, PhrasePattern]:
    rules = table("attributes")
    return {
        f"{part}.{name}": PhrasePattern.of(phrases)
        for part in ("side", "location", "severity", "prior")
        for name, phrases in rules[part].items()
    }
