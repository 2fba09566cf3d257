"""Is the mixed report still true to itself? It is read again by the same reader, and checked by named rules."""

from __future__ import annotations

import math

from medcutmix_cli.records import Assertion, Mention, Reading, Side
from medcutmix_cli.reports.labels import counting_sections


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
    mentions = [m for s in reading.sentences if s.section in counting for m in s.mentions]
    return contradiction(mentions)


def contradiction(mentions: list[Mention]) -> str:
    """Name the first contradiction among mentions: present and absent at once, or two different single sides."""
    for finding in sorted({m.finding for m in mentions}):
        own = [m for m in mentions if m.finding == finding]
        present = [m for m in own if m.assertion is Assertion.PRESENT]
        absent = [m for m in own if m.assertion is Assertion.ABSENT]
        if any(_overlap(p.side, a.side) for p in present for a in absent):
            return "present-and-absent"
    return ""


def _overlap(present: Side, absent: Side) -> bool:
    """Say whether "present here" and "absent there" meet; "no right effusion" and "left effusion" do not."""
    return {present, absent} != {Side.LEFT, Side.RIGHT}


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
        return {m.side for m in own} & {Side.LEFT, Side.RIGHT}

    return any(
        sides(one, finding) and sides(other, finding) and sides(one, finding) != sides(other, finding)
        for finding in {m.finding for m in one}
    )
