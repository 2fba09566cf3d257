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
