"""What later sentences change: a shadow is explained as an artefact, a question answered, a side put right.

Works on sentences that are read already; knows no lexicon. Rules are data (`rules/corrections.toml`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import pairwise

from medcutmix_cli.records import Assertion, Mention, Sentence, Side
from medcutmix_cli.reports.kinds import DEVICES, sentence_kind
from medcutmix_cli.reports.sentences import unwrap
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern, canonical
from medcutmix_cli.sides import other_side, side_named, side_word, single_side

CORRECTED = "corrected"
"""Flag of a sentence that a later one corrects: its own words say what the study does not show."""
_ADDENDUM = "addendum"
_OPEN = frozenset({Assertion.PRESENT, Assertion.UNCERTAIN})


def correct_sentences(
    sentences: Sequence[Sentence], asked: frozenset[str] = frozenset()
) -> tuple[Sentence, ...]:
    """Return the sentences of a report, each as the ones behind it leave it.

    Args:
        sentences: Of the whole report, in order.
        asked: Sections that say what was asked: an answer there is no finding of the study.
    """
    return tuple(_with_sides(_with_answers(_without_artefacts(sentences), asked)))


def _without_artefacts(sentences: Sequence[Sentence]) -> list[Sentence]:
    corrected = list(sentences)
    for index, (sentence, following) in enumerate(pairwise(sentences)):
        if sentence.section == following.section and any(map(_is_imitated, sentence.mentions)):
            assertion = _explanation(following.text)
            if assertion is not None:
                corrected[index] = _restated(sentence, assertion)
    return corrected


def _with_answers(sentences: Sequence[Sentence], beside: frozenset[str]) -> list[Sentence]:
    """Return the sentences with each question as the sentence behind it answers it: "Pleural effusion? None."."""
    answered = list(sentences)
    for index, (question, reply) in enumerate(pairwise(sentences)):
        asked = question.text.rstrip().endswith("?") and question.section == reply.section
        if asked and question.section not in beside and question.mentions and not reply.mentions:
            said = _answer(reply.text)
            answered[index] = question if said is None else _replied(question, *said)
    return answered


@lru_cache(maxsize=1 << 12)
def _answer(text: str) -> tuple[Assertion, Side] | None:
    """Return what a sentence answers, and for which side; None where it is no answer."""
    words = canonical(unwrap(text)).text.rstrip(" .!")
    if _pattern("answer", "no").fullmatch(words):
        return Assertion.ABSENT, Side.NONE
    return (Assertion.PRESENT, side_named(words)) if _pattern("answer", "yes").fullmatch(words) else None


def _replied(question: Sentence, assertion: Assertion, side: Side) -> Sentence:
    """Return a question as its answer leaves it; a side that it names itself stands."""
    mentions = tuple(
        replace(m, assertion=assertion, side=m.side if side_word(m.side) else side)
        if m.assertion is Assertion.UNCERTAIN
        else m
        for m in question.mentions
    )
    return _with_mentions(question, mentions)


@lru_cache(maxsize=1 << 15)
def _explanation(text: str) -> Assertion | None:
    """Return what a sentence leaves of the finding before it: "This is a skin fold." nothing, "may be" a doubt."""
    words = canonical(unwrap(text)).text
    if not _pattern("artefact", "any").search(words):
        return None
    if _pattern("artefact", "hedged").match(words):
        return Assertion.UNCERTAIN
    return Assertion.ABSENT if _pattern("artefact", "certain").match(words) else None


def _is_imitated(mention: Mention) -> bool:
    """Return whether a mention says that there is, or may be, what an artefact looks like."""
    return mention.assertion in _OPEN and mention.finding in _imitated()


def _restated(sentence: Sentence, assertion: Assertion) -> Sentence:
    mentions = tuple(replace(m, assertion=assertion) if _is_imitated(m) else m for m in sentence.mentions)
    return _with_mentions(sentence, mentions)


def _with_mentions(sentence: Sentence, mentions: tuple[Mention, ...]) -> Sentence:
    flags = frozenset(sentence.flags) | {CORRECTED}
    named = any(m.finding != DEVICES for m in mentions)
    kind = sentence_kind(canonical(unwrap(sentence.text)), mentions, named, flags)
    return replace(sentence, mentions=mentions, flags=tuple(sorted(flags)), kind=kind)


def _with_sides(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    right = dict(_corrections(sentences))
    for sentence in sentences:
        if sentence.section == _ADDENDUM or not any(_is_wrong(m, right) for m in sentence.mentions):
            yield sentence
            continue
        mentions = tuple(
            replace(m, side=right[m.finding]) if _is_wrong(m, right) else m for m in sentence.mentions
        )
        yield replace(sentence, mentions=mentions, flags=tuple(sorted({*sentence.flags, CORRECTED})))


def _is_wrong(mention: Mention, right: dict[str, Side]) -> bool:
    side = right.get(mention.finding)
    return side is not None and mention.side is other_side(side)


def _corrections(sentences: Sequence[Sentence]) -> Iterator[tuple[str, Side]]:
    """Yield finding and right side for each side that an addendum puts right."""
    for sentence in sentences:
        if sentence.section != _ADDENDUM:
            continue
        words = canonical(unwrap(sentence.text)).text
        if not _pattern("side", "said").search(words):
            continue
        own = [m for m in sentence.mentions if m.assertion in _OPEN and other_side(m.side)]
        yield from ((m.finding, m.side) for m in own)
        side = _pattern("side", "instead").search(words)
        if not sentence.mentions and side is not None:
            yield from _only_finding(sentences, single_side(side.group()))


def _only_finding(sentences: Sequence[Sentence], right: Side) -> Iterator[tuple[str, Side]]:
    """Yield the only finding on the other side: "Correction: right, not left." names none."""
    findings = {m.finding for s in sentences for m in s.mentions if m.side is other_side(right)}
    if len(findings) == 1:
        yield findings.pop(), right


@cache
def _imitated() -> frozenset[str]:
    return frozenset(table("corrections")["artefact"]["imitated"])


@cache
def _pattern(part: str, role: str) -> PhrasePattern:
    macros = table("assertion")["macro"] | table("corrections")["macro"]
    return PhrasePattern.of(table("corrections")[part][role], macros)
