"""Findings and impression must tell one story of what came, and nothing else of the recipient's may be lost."""

from __future__ import annotations

from collections.abc import Iterator

from medcutmix_cli.records import Assertion, Mention, Sentence, SentenceKind, Side
from medcutmix_cli.reports.critic.case import SMALL, STATED, Case, key_of, lesions, may_be_one, mentions_of
from medcutmix_cli.reports.critic.places import places_of
from medcutmix_cli.reports.critic.words import asserts, critic_words, lists_of, only_side, says
from medcutmix_cli.reports.relations import is_strong, points_by_pronoun, relation_of, words_of
from medcutmix_cli.reports.tables import table
from medcutmix_cli.sides import differ, meet, misses, oppose, other_side, side_word

_NORMAL = (SentenceKind.NORMAL, SentenceKind.NEGATIVE)


def find_lost_findings(case: Case) -> Iterator[Sentence]:
    """Yield the recipient's sentences that stated another finding which nothing states any more.

    What the departed finding caused may leave with it: "with adjacent atelectasis".
    """
    gone, came = case.exchanged.gone, case.exchanged.came
    for sentence in case.left:
        lost = [
            m for m in sentence.mentions if m.assertion is Assertion.PRESENT and m.finding not in (gone, came)
        ]
        lost = [m for m in lost if not _still_said(m, case) and not _same_shadow(m, sentence, case)]
        effect = _is_effect(sentence, gone)
        if {m.finding for m in lost} - ({"atelectasis"} if effect else set()):
            yield sentence


def _still_said(mention: Mention, case: Case) -> bool:
    said = (m for s in case.after for m in mentions_of(s, mention.finding))
    return any(may_be_one(mention, m) for m in said)


def _is_effect(sentence: Sentence, gone: str) -> bool:
    relation = relation_of(gone)
    return any(pattern.search(words_of(sentence.text)) for pattern in (relation.signs, relation.sequelae))


def _same_shadow(mention: Mention, sentence: Sentence, case: Case) -> bool:
    """Say whether a name may be another one of the departed shadow.

    In one section what has a sentence of its own is another thing, unless the next one speaks of it ("The appearance
    suggests atelectasis."); the other section may name the shadow otherwise, on its side.
    """
    gone = case.exchanged.gone
    telling = [s for s in case.left if mentions_of(s, gone)]
    if mention.finding in table("critic")["story"]["interstitial"]:
        markings = critic_words("departure", "markings")
        if any(asserts(s.text, markings) for s in telling):
            return True  # markings, and the disease that they are read as
    if mention.finding not in relation_of(gone).related:
        return False
    here = [s for s in telling if s.section == sentence.section]
    if sentence in here:
        if says(sentence.text, "story", "both") and gone not in table("critic")["story"]["named-generally"]:
            return (
                False  # "a combination of atelectasis and consolidation": of two that are there one has left
            )
        return any(may_be_one(mention, other) for other in mentions_of(sentence, gone))
    if here and not points_by_pronoun(sentence.text):
        return any(says(s.text, "story", "explains") for s in here)
    return any(meet(mention.side, other.side) for other in case.gone_mentions) or not telling


def observation_lost(case: Case) -> Iterator[Sentence]:
    """Yield sentences that left and took along what no finding names, and the picture still shows: low volumes."""
    shadow = case.exchanged.gone in table("critic")["story"]["shadows"]
    for name in table("critic")["observed"]:
        if (name == "density" and shadow) or _is_sign(name, case.exchanged.gone):
            continue  # a density may be the shadow itself
        shown = [s for s in case.left if name in lists_of(s.text, "observed")]
        if not shown:
            continue
        told = {s.section for s in case.after if name in lists_of(s.text, "observed")}
        gone = (s for s in shown if s.section not in told)
        yield from (s for s in gone if asserts(s.text, critic_words("observed", name)))


def _is_sign(observed: str, finding: str) -> bool:
    """Say whether an observation is a sign of a finding, with which it leaves and comes."""
    return finding in table("critic")["signs"].get(observed, ())


def invent_observations(case: Case) -> Iterator[Sentence]:
    """Yield what came and says of another part of the picture what the recipient's report does not: low volumes."""
    had = {name for s in case.before for name in lists_of(s.text, "observed")} | {"density"}
    for name in table("critic")["observed"]:
        if name not in had and not _is_sign(name, case.exchanged.came):
            yield from (s for s in case.arrived if asserts(s.text, critic_words("observed", name)))


def denials_lost(case: Case) -> Iterator[Sentence]:
    """Yield denials that left and would be true beside what came: "no effusion" beside an opacity.

    Not that the lungs are clear: whoever has something else may leave that unsaid.
    """
    gone, came = case.exchanged.gone, case.exchanged.came
    touched = {gone, came, "opacity"} | relation_of(gone).related | relation_of(came).related | _kin(came)
    touched |= {f for p in places_of(case.arrived) for f in p.denied}
    there = {m.finding for s in case.after for m in s.mentions}
    for sentence in case.left:
        denied = {m.finding for m in sentence.mentions if m.assertion is Assertion.ABSENT}
        if denied - touched - there:
            yield sentence


def _kin(finding: str) -> set[str]:
    shadows = set(table("critic")["story"]["shadows"])
    return shadows if finding in shadows else set()


def parts_lost(case: Case) -> Iterator[Sentence]:
    """Yield normal statements that left and spoke of a part that nothing speaks of any more: "pleural spaces"."""
    told = {name for s in case.after for name in lists_of(s.text, "parts")}
    normal = [s for s in case.left if s.kind in _NORMAL]
    for name in table("critic")["parts"]:
        if name not in told:
            yield from (s for s in normal if name in lists_of(s.text, "parts"))


def other_side_lost(case: Case) -> Iterator[Sentence]:
    """Yield a normal statement about the other side alone that left: "Left lung is clear." beside one on the right."""
    other = other_side(Side(case.exchanged.side_came))
    kept = {only_side(s.text) for s in case.after if s.kind in _NORMAL}
    if other and other not in kept:
        yield from (s for s in case.left if s.kind in _NORMAL and only_side(s.text) == other)


def markings_lost(case: Case) -> Iterator[Sentence]:
    """Yield markings of the interstitium that left with a focal shadow: "chronic interstitial changes" beside it."""
    pattern = critic_words("departure", "markings")
    focal = [s for s in case.left if mentions_of(s, case.exchanged.gone) and not asserts(s.text, pattern)]
    told = any(asserts(s.text, pattern) for s in case.after)
    if focal and not told:
        yield from (s for s in case.left if s not in focal and asserts(s.text, pattern))


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
    small = {"small" for _, m in part if m.severity in SMALL}
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


def tell_twice(case: Case) -> Iterator[Sentence]:
    """Yield a shadow of the recipient's at the very place of the one that came: one place, told twice."""
    shadows = set(table("critic")["story"]["shadows"])
    came = [m for m in case.came_mentions if m.location]
    if case.exchanged.same or case.exchanged.came not in shadows:
        return
    for sentence in case.own:
        others = [
            m for m in sentence.mentions if m.finding in shadows and m.assertion in STATED and m.location
        ]
        if any(_at_one_place(m, one) for m in others for one in came):
            yield sentence


def _at_one_place(one: Mention, other: Mention) -> bool:
    """Say whether two shadows share a place; what is said of both bases is of each, but a nodule is not all of one."""
    single = {other_side(m.side) for m in (one, other)}
    spread = not {one.finding, other.finding} & lesions()
    return may_be_one(one, other) and (len(single) == 1 or spread)


def tell_all_twice(case: Case) -> Iterator[Sentence]:
    """Yield the first sentence of a findings section that the impression holds once more, as a copy of the report."""
    inside = {key_of(s)[1] for s in case.before if s.section == "impression"}
    copied = [s for s in case.before if s.section != "impression" and key_of(s)[1] in inside]
    if len(copied) >= _COPIED:
        yield copied[0]


def silent_findings(case: Case) -> Iterator[Sentence]:
    """Yield what left the findings, a sign of it too, where what came is told in the impression alone."""
    inside, outside = _by_part(case)
    if outside or not inside or not case.exchanged.gone:
        return
    relation = relation_of(case.exchanged.gone)
    for sentence in case.left:
        told = mentions_of(sentence, case.exchanged.gone) or relation.kind_of_reference(sentence.text)
        if sentence.section != "impression" and told:
            yield sentence


def find_missing_sides(case: Case) -> Iterator[Sentence]:
    """Yield what came without a side or place where what left had a side: of the pleura, which lies on either."""
    sided = (
        case.exchanged.came in table("critic")["story"]["sided"] and side_word(case.exchanged.side_gone) != ""
    )
    if sided and case.exchanged.same and not any(side_word(m.side) or m.location for m in case.came_mentions):
        yield from case.arrived[:1]


def inconsistent_sides(case: Case) -> Iterator[Sentence]:
    """Yield arrived sentences that name another single side than the one that was exchanged."""
    wanted = Side(case.exchanged.side_came)
    for sentence in case.arrived:
        if misses({m.side for m in mentions_of(sentence, case.exchanged.came)}, wanted):
            yield sentence


_COPIED = 3
RULES = {
    "story-told-in-a-copy": tell_all_twice,
    "story-finding-lost": find_lost_findings,
    "story-observation-lost": observation_lost,
    "story-markings-lost": markings_lost,
    "story-observation-invented": invent_observations,
    "story-denial-lost": denials_lost,
    "story-part-lost": parts_lost,
    "story-other-side-lost": other_side_lost,
    "story-finding-invented": find_invented_findings,
    "story-sides-apart": sides_apart,
    "story-degrees-apart": degrees_apart,
    "story-silent-impression": silent_impression,
    "story-one-place-twice": tell_twice,
    "story-silent-findings": silent_findings,
    "story-side-unsaid": find_missing_sides,
    "story-other-side": inconsistent_sides,
}
