"""Is the mixed report still true to itself? It is read again by the same reader, and checked by named rules."""

from __future__ import annotations

import math

from medcutmix_cli.pairing.normals import normal_beside_finding
from medcutmix_cli.records import Assertion, Mention, Reading, Sentence, Side
from medcutmix_cli.reports.labels import counting_sections
from medcutmix_cli.sides import differ, meet, oppose


def same_labels(expected: tuple[float, ...], found: tuple[float, ...]) -> bool:
    """Compare two label vectors; NaN (not said) equals NaN."""
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(expected, found, strict=True))


def inconsistency(reading: Reading, expected: tuple[float, ...], found: tuple[float, ...]) -> str:
    """Return the name of the first rule that a mixed report breaks, "" where it keeps them all.

    Args:
        reading: The mixed report, read again.
        expected: Labels by arithmetic: the kept sentences and the inserted ones.
        found: Labels read from the mixed report.
    """
    if not same_labels(expected, found):
        return "labels-changed-on-reading"
    counting = counting_sections(reading)
    sentences = [s for s in reading.sentences if s.section in counting]
    contradicted = contradiction([m for s in sentences for m in s.mentions])
    if contradicted:
        return contradicted
    if normal_beside_finding(sentences):
        return "normal-beside-acute-finding"
    return "two-sides" if _on_two_sides(sentences) else ""


def _on_two_sides(sentences: list[Sentence]) -> bool:
    """Say whether the impression puts a finding on the one side and the rest of the report on the other."""
    inside: dict[str, set[Side]] = {}
    outside: dict[str, set[Side]] = {}
    for sentence in sentences:
        said = inside if sentence.section == "impression" else outside
        for m in sentence.mentions:
            if m.assertion is Assertion.PRESENT:
                said.setdefault(m.finding, set()).add(m.side)
    return any(oppose(inside[finding], outside[finding]) for finding in inside.keys() & outside.keys())


def contradiction(mentions: list[Mention]) -> str:
    """Name the first contradiction among mentions: present and absent at once, or two different single sides."""
    for finding in sorted({m.finding for m in mentions}):
        own = [m for m in mentions if m.finding == finding]
        present = [m for m in own if m.assertion is Assertion.PRESENT]
        absent = [m for m in own if m.assertion is Assertion.ABSENT]
        if any(meet(p.side, a.side) for p in present for a in absent):
            return "present-and-absent"
    return ""


def impression_consistent(reading: Reading) -> bool:
    """Say whether the impression and the rest of a report say the same of every finding both name.

    True where there is no impression. A side counts: left here and right there is no agreement.
    """
    inside = [m for s in reading.sentences if s.section == "impression" for m in s.mentions]
    outside = [
        m
        for s in reading.sentences
        if s.section in counting_sections(reading) - {"impression"}
        for m in s.mentions
    ]
    return not contradiction([*inside, *outside]) and not _sides_differ(inside, outside)


def _sides_differ(one: list[Mention], other: list[Mention]) -> bool:
    def sides(mentions: list[Mention], finding: str) -> set[Side]:
        own = (m for m in mentions if m.finding == finding and m.assertion is Assertion.PRESENT)
        return {m.side for m in own}

    return any(differ(sides(one, finding), sides(other, finding)) for finding in {m.finding for m in one})
