"""Side, location, severity and prior reference of each finding, from the words that stand by it.

Knows neither sections nor assertion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from medcutmix_cli.records import Side
from medcutmix_cli.reports.assertion import Clause, Span
from medcutmix_cli.reports.attribute_words import AttributeWords
from medcutmix_cli.reports.lexicon import sidedness
from medcutmix_cli.reports.modifier_zones import DEGREES, JOINED, Zones, end_of_list, shared_zones, zones_of
from medcutmix_cli.reports.words import Words

# A sentence that compares as a whole.
_WHOLE = re.compile(
    r"\b(?:compared (?:to|with)|in comparison (?:to|with)|since (?:the )?(?:prior|previous|last))\b"
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
    zones = [zones_of(words, clause, span) for span in spans]
    marks = AttributeWords.of(words)
    whole = _WHOLE.search(words.text) is not None
    sides = _sides(words, marks, zones, findings)
    alone = len(set(findings)) == 1
    found = []
    for index, (zone, finding) in enumerate(zip(zones, findings, strict=True)):
        near = (*zone.nearest_first, *shared_zones(words, zones, index, JOINED))
        prior = whole or any(map(marks.has_prior, near)) or _compared_aside(words, clause, marks, zone.own)
        location = "" if sidedness().get(finding) == "no" else marks.location(zone.nearest_first)
        size = marks.size(zone.nearest_first) or (marks.size(((0, len(words)),)) if alone else "")
        found.append(Attributes(sides[index], location, marks.severity(zone.nearest_first), prior, size))
    return found


def _sides(
    words: Words, marks: AttributeWords, zones: Sequence[Zones], findings: Sequence[str]
) -> list[Side]:
    """Return the side of every finding: from its own words, its list, what it is taken for, its sentence."""
    sides = [
        Side.NONE if sidedness().get(finding) == "no" else _own_side(marks, zone)
        for zone, finding in zip(zones, findings, strict=True)
    ]
    free = [index for index, finding in enumerate(findings) if sidedness().get(finding, "yes") == "yes"]
    for index in free:
        if sides[index] is Side.NONE:
            sides[index] = marks.side(shared_zones(words, zones, index, JOINED | DEGREES))
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


def _compared_behind(words: Words, marks: AttributeWords, zones: Sequence[Zones], index: int) -> bool:
    """Return whether both sides are compared behind the list of a finding: "effusions and atelectasis, L>R"."""
    end = end_of_list(words, zones, index)
    return any(
        name == "bilateral"
        and span[1] - span[0] > 1
        and 0 < span[0] - end <= 2
        and words.word(span[0] - 1) in ",("
        for name, span in marks.sides
    )


def _side_behind(words: Words, zones: Sequence[Zones], index: int) -> Side:
    """Return the side that is told behind the list of a finding: "pneumothorax and effusion, small on the right"."""
    told = _TOLD_BEHIND.match(words.text, words.ends[end_of_list(words, zones, index) - 1])
    return Side(told.group("side")) if told else Side.NONE


def _compared_aside(words: Words, clause: Clause, marks: AttributeWords, own: Span) -> bool:
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


def _own_side(marks: AttributeWords, zone: Zones) -> Side:
    near, far = marks.side((zone.own, marks.own_part(zone.before))), marks.side((zone.after,))
    if far is not Side.NONE and marks.names_no_side((zone.own, zone.before)):
        return far  # "the lungs show an opacity in the left base"
    return far if near is Side.NONE or (far is Side.BILATERAL and marks.compares(zone.after)) else near
