"""Is the mixed report still true to itself? It is read again by the same reader, and checked by named rules."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from medcutmix_cli.pairing.extent import is_slight
from medcutmix_cli.pairing.normals import (
    CLEAR_LUNGS,
    contradicted_statements,
    denials,
    denied_name,
    denies_markings,
    is_filled,
    is_interstitial,
    normal_beside_finding,
    speaks_of_the_rest,
)
from medcutmix_cli.records import Assertion, Mention, Reading, Sentence, Side
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.sides import differ, meet, oppose

_OLD = re.compile(r"\b(?:old|healed|healing|chronic|remote|stable|unchanged)\b", re.IGNORECASE)


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
    contradicted = contradiction(*_said_in(reading))
    if contradicted:
        return contradicted
    return "normal-beside-acute-finding" if normal_beside_finding(counted_sentences(reading)) else ""


def _said_in(reading: Reading) -> tuple[list[Mention], list[Mention]]:
    """Return the mentions of the impression, and those of the other counting sections."""
    counted = counted_sentences(reading)
    inside = comparable(s for s in counted if s.section == "impression")
    return inside, comparable(s for s in counted if s.section != "impression")


def comparable(sentences: Iterable[Sentence]) -> list[Mention]:
    """Return the mentions of sentences so that those of one finding may contradict each other.

    Prominent interstitial markings, and a shadow that is not called one of air spaces, are no opacity that "no airspace
    disease" denies: each kind has a name of its own. Clear lungs deny all of them.
    """
    return [one for sentence in sentences for m in sentence.mentions for one in _named_apart(sentence, m)]


def _named_apart(sentence: Sentence, mention: Mention) -> tuple[Mention, ...]:
    marked, filled = (replace(mention, finding=f"{kind} opacity") for kind in ("interstitial", "airspace"))
    if denied_name(sentence, mention) == CLEAR_LUNGS:
        return mention, marked, filled
    if is_interstitial(sentence, mention):
        return (marked,)
    if not is_filled(sentence, mention):
        return (mention,)
    denied = mention.assertion in (Assertion.ABSENT, Assertion.RESOLVED)
    return (filled,) if denied else (mention, filled)


def contradiction(mentions: list[Mention], others: list[Mention] | None = None) -> str:
    """Name the first contradiction among the mentions of a report, "" where there is none.

    "present-and-absent": a finding is said to be there and not there, at one place. "two-sides": one part of the
    report has it on one side only, the other part on the other side only (`sides.py`, clause 6); left and right within
    one part are two of them, and no contradiction.

    Args:
        mentions: Of the one part, the impression.
        others: Of the rest, where there are two parts.
    """
    rest = others or []
    for finding in sorted({m.finding for m in (*mentions, *rest)}):
        own = [m for m in (*mentions, *rest) if m.finding == finding]
        present = [m for m in own if m.assertion is Assertion.PRESENT]
        absent = [m for m in own if m.assertion is Assertion.ABSENT]
        if any(meet(p.side, a.side) for p in present for a in absent):
            return "present-and-absent"
    here, there = present_sides(mentions), present_sides(rest)
    return "two-sides" if any(oppose(here[name], there[name]) for name in here.keys() & there.keys()) else ""


def present_sides(mentions: list[Mention]) -> dict[str, set[Side]]:
    """Return the sides on which each finding is said to be present."""
    sides: dict[str, set[Side]] = {}
    for mention in mentions:
        if mention.assertion is Assertion.PRESENT:
            sides.setdefault(mention.finding, set()).add(mention.side)
    return sides


def impression_consistent(reading: Reading) -> bool:
    """Say whether the impression and the rest of a report tell one story; True where there is no impression.

    Of a finding that both assert they give the same sides and degrees. What the one asserts the other does not deny,
    by name or by words that stand for it ("The lungs are clear.", "Both lungs are fully expanded."), and neither calls
    the chest normal beside what is acute.
    """
    counted = counted_sentences(reading)
    inside = [s for s in counted if s.section == "impression"]
    outside = [s for s in counted if s.section != "impression"]
    here, there = _present(inside), _present(outside)
    apart = any(_differ(here[finding], there[finding]) for finding in here.keys() & there.keys())
    at_odds = _denies(inside, outside) or _denies(outside, inside)
    return not apart and not at_odds and not contradiction(*_said_in(reading))


def _present(sentences: list[Sentence]) -> dict[str, list[Mention]]:
    found: dict[str, list[Mention]] = {}
    for mention in (m for s in sentences for m in s.mentions if m.assertion is Assertion.PRESENT):
        found.setdefault(mention.finding, []).append(mention)
    return found


def _differ(here: list[Mention], there: list[Mention]) -> bool:
    """Say whether two parts give a finding other sides, or degrees of which none is the other's."""
    if differ({m.side for m in here}, {m.side for m in there}):
        return True
    degrees = [{m.severity.removesuffix("ly") for m in part} - {""} for part in (here, there)]
    return all(degrees) and not degrees[0] & degrees[1]


def _denies(sentences: list[Sentence], others: list[Sentence]) -> bool:
    """Say whether sentences deny what another part of the report asserts."""
    plain = [s for s in sentences if not speaks_of_the_rest(s.text)]
    stated = [(o, m) for o in others for m in o.mentions if m.assertion is Assertion.PRESENT]
    return any(
        _named_in(s, o, m)
        or (not _OLD.search(o.text) and not is_slight(o) and contradicted_statements(s, m.finding))
        for s in plain
        for o, m in stated
    )


def _named_in(sentence: Sentence, other: Sentence, mention: Mention) -> bool:
    """Say whether a sentence denies what another one asserts; markings of the interstitium by their own name only."""
    found = denials(sentence, mention.finding, mention.side)
    if not is_interstitial(other, mention):
        return bool(found)
    return any(denies_markings(sentence, d) for d in found)
