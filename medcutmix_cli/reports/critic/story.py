"""Findings and impression must tell one story of what came, and nothing else of the recipient's may be lost."""

from __future__ import annotations

from collections.abc import Iterator

from medcutmix_cli.records import Assertion, Mention, Sentence, SentenceKind, Side
from medcutmix_cli.reports.critic.case import STATED, Case, mentions_of
from medcutmix_cli.reports.critic.words import asserts, critic_words, says
from medcutmix_cli.reports.relations import is_strong, relation_of
from medcutmix_cli.reports.tables import table
from medcutmix_cli.sides import differ, misses, oppose

_SMALL = frozenset({"trace", "tiny", "small", "minimal", "mild", "slight", "subtle", "faint", "borderline"})


def find_lost_findings(case: Case) -> Iterator[Sentence]:
    """Yield the recipient's sentences that stated another finding which nothing states any more.

    What the departed finding caused may leave with it: "with adjacent atelectasis".
    """
    gone = case.exchanged.gone
    there = {m.finding for s in case.after for m in s.mentions if m.assertion in STATED}
    spared = there | {gone, case.exchanged.came} | relation_of(gone).related
    for sentence in case.left:
        stated = {m.finding for m in sentence.mentions if m.assertion is Assertion.PRESENT}
        if stated - spared and relation_of(gone).kind_of_reference(sentence.text) != "sequel":
            yield sentence


def observation_lost(case: Case) -> Iterator[Sentence]:
    """Yield sentences that left and took along what no finding names, and the picture still shows: low volumes."""
    for name in table("critic")["observed"]:
        if any(says(s.text, "observed", name) for s in case.after):
            continue
        yield from (s for s in case.left if asserts(s.text, critic_words("observed", name)))


def find_invented_findings(case: Case) -> Iterator[Sentence]:
    """Yield fresh sentences that state what neither the recipient had nor was exchanged."""
    had = {m.finding for s in case.before for m in s.mentions if m.assertion in STATED}
    known = had | {case.exchanged.came} | relation_of(case.exchanged.came).related
    for sentence in case.fresh:
        if {m.finding for m in sentence.mentions if m.assertion is Assertion.PRESENT} - known:
            yield sentence


def sides_apart(case: Case) -> Iterator[Sentence]:
    """Yield what of the impression puts on one side that which the findings put on another."""
    inside, outside = _by_part(case)
    here, there = ({m.side for _, m in part} for part in (inside, outside))
    if oppose(here, there) or differ(here, there):
        yield inside[0][0]


def degrees_apart(case: Case) -> Iterator[Sentence]:
    """Yield what of the impression calls small that which the findings call large, or the other way."""
    inside, outside = _by_part(case)
    if not (inside and outside):
        return
    here, there = (_degrees(part) for part in (inside, outside))
    if {"small", "large"} == here | there and here.isdisjoint(there) and here and there:
        yield inside[0][0]


def _degrees(part: list[tuple[Sentence, Mention]]) -> set[str]:
    small = {"small" for _, m in part if m.severity in _SMALL}
    return small | {"large" for _, m in part if m.severity and is_strong(m.severity)}


def _by_part(case: Case) -> tuple[list[tuple[Sentence, Mention]], list[tuple[Sentence, Mention]]]:
    """Return how the impression, and how the rest, names what came."""
    named = [(s, m) for s in case.after for m in mentions_of(s, case.exchanged.came)]
    inside = [(s, m) for s, m in named if s.section == "impression"]
    return inside, [(s, m) for s, m in named if s.section != "impression"]


def silent_impression(case: Case) -> Iterator[Sentence]:
    """Yield the first sentence of an impression that spoke of what left, or of no finding, and not of what came."""
    inside, outside = _by_part(case)
    impression = [s for s in case.after if s.section == "impression"]
    if inside or not outside or not impression:
        return
    had = any(mentions_of(s, case.exchanged.gone) for s in case.before if s.section == "impression")
    normal = all(s.kind in (SentenceKind.NORMAL, SentenceKind.NEGATIVE) for s in impression)
    if had or (normal and not case.exchanged.same):
        yield impression[0]


def inconsistent_sides(case: Case) -> Iterator[Sentence]:
    """Yield arrived sentences that name another single side than the one that was exchanged."""
    wanted = Side(case.exchanged.side_came)
    for sentence in case.arrived:
        if misses({m.side for m in mentions_of(sentence, case.exchanged.came)}, wanted):
            yield sentence


RULES = {
    "story-finding-lost": find_lost_findings,
    "story-observation-lost": observation_lost,
    "story-finding-invented": find_invented_findings,
    "story-sides-apart": sides_apart,
    "story-degrees-apart": degrees_apart,
    "story-silent-impression": silent_impression,
    "story-other-side": inconsistent_sides,
}
