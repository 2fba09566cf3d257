"""Take findings out of one sentence and leave the rest of it standing.

Of the ways to do it (`cutting`) one is taken only if the reader, reading what is left, finds exactly the other
findings, said as before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache

from medcutmix_cli.pairing.cutting import (
    FRAGMENT,
    Span,
    TextCut,
    apply_cuts,
    only_modifies,
    parts_of,
    past_relation,
    ways_without,
)
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Mention, Sentence
from medcutmix_cli.reports.kinds import DEVICES
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sentences import unwrap
from medcutmix_cli.reports.tables import remember
from medcutmix_cli.reports.words import PhrasePattern

_PLURAL_VERB = re.compile(
    r"\s+(?:are|were|have|persist|remain|appear|represent|reflect|suggest|obscure)\b", re.IGNORECASE
)
_THERE = re.compile(r"there\s+(is|are|was|were)\b\s*(no\b)?", re.IGNORECASE)
_DANGLING = re.compile(
    r"\b(?:consistent|compatible|with|of|in|the|an?|for|to|and|or|due|suggest\w*|represent\w*|may|is|are|appears?|remains?|by|from|at|on)\W*$",
    re.IGNORECASE,
)
_NEITHER = re.compile(r"\bneither\b", re.IGNORECASE)
_NOR = re.compile(r"\bnor\b", re.IGNORECASE)
_READER = ContextVar("reader", default=ReportReader())  # noqa: B039 - frozen


@dataclass(frozen=True, slots=True)
class ShortenedSentence:
    """A sentence without what was taken out of it.

    Attributes:
        cuts: In order, without overlap.
        text: What is left.
        sentences: What is left, read again; offsets into `text`.
        first: Whether the first words of the sentence left.
    """

    cuts: tuple[TextCut, ...]
    text: str
    sentences: tuple[Sentence, ...]
    first: bool


def without(sentence: Sentence, leaving: Iterable[Span]) -> ShortenedSentence | None:
    """Return the sentence without the parts that hold `leaving`; None where it cannot be done cleanly.

    Args:
        sentence: A sentence of a report.
        leaving: Spans that must leave, offsets into the report.
    """
    gone = {(start - sentence.start, end - sentence.start) for start, end in leaving}
    spans = [(m.start - sentence.start, m.end - sentence.start) for m in sentence.mentions]
    stay = tuple(m for m, span in zip(sentence.mentions, spans, strict=True) if span not in gone)
    text = unwrap(sentence.text)
    parts = parts_of(text, sorted({*spans, *gone}), gone)
    if any(part.leaves and part.stays for part in parts):
        return None
    expected = tuple(map(mention_content, stay))
    named = min(start for start, _ in gone)
    for cuts in ways_without(text, parts, named):
        left = apply_cuts(sentence.text, cuts)
        sentences = reread(left)
        said = tuple(mention_content(m) for s in sentences for m in s.mentions)
        if said == expected and _agrees(left, sentences) and not _breaks_off(sentence.text, left):
            return ShortenedSentence(cuts, left, sentences, parts[0].leaves)
    return None


def clause_alone(sentence: Sentence, spans: Iterable[Span]) -> Sentence | None:
    """Return the one clause that names what stands at `spans`, read by itself; None where it names more.

    "With associated atelectasis at the right base" is "Atelectasis at the right base.". Offsets are into its text.

    Args:
        sentence: A sentence of a report.
        spans: Of the mentions of one finding, offsets into the report.
    """
    gone = {(start - sentence.start, end - sentence.start) for start, end in spans}
    named = {(m.start - sentence.start, m.end - sentence.start) for m in sentence.mentions}
    text = unwrap(sentence.text)
    own = [part for part in parts_of(text, sorted(named), gone) if part.leaves]
    if len(own) != 1 or own[0].stays:
        return None
    words = text[past_relation(text, own[0].start) : own[0].end]
    found = reread(f"{words[:1].upper()}{words[1:]}.")
    return found[0] if len(found) == 1 and len(found[0].mentions) == len(gone) else None


def holds_only_findings(sentence: Sentence) -> bool:
    """Say whether every part of a sentence names a finding, or says more of one."""
    text = unwrap(sentence.text)
    spans = sorted({(m.start - sentence.start, m.end - sentence.start) for m in sentence.mentions})
    parts = parts_of(text, spans, set())
    return all(part.stays or only_modifies(text[part.start : part.end].lower()) for part in parts)


def mention_content(mention: Mention) -> tuple[object, ...]:
    """Return all that a mention says, without where it stands."""
    m = mention
    if is_denied(m):
        return (
            m.finding,
            m.assertion,
            m.side,
        )  # "no large effusion": how large something absent is says nothing
    prior = m.prior and m.finding != DEVICES  # "unchanged effusion with a drain": the drain was not called so
    return (m.finding, m.assertion, m.side, m.location, m.severity, prior, m.measurement)


@contextmanager
def reread_by(reader: ReportReader) -> Iterator[None]:
    """Read again what is left of sentences as `reader` reads reports, while the block runs; sections as MIMIC's."""
    before = _READER.set(replace(reader, section_rules=ReportReader().section_rules))
    try:
        yield
    finally:
        _READER.reset(before)


def rereader() -> ReportReader:
    """Return who reads again what is left of sentences: what is remembered of it holds for this reader alone."""
    return _READER.get()


def reread(text: str) -> tuple[Sentence, ...]:
    """Return the sentences of a text that stands for a section's body; offsets into `text`."""
    return _read(text, rereader())


@remember(1 << 14)
def _read(text: str, reader: ReportReader) -> tuple[Sentence, ...]:
    return reader.read(text).sentences


def move_sentence(sentence: Sentence, by: int, section: str) -> Sentence:
    """Return a sentence at another place."""
    mentions = tuple(replace(m, start=m.start + by, end=m.end + by) for m in sentence.mentions)
    return replace(
        sentence, start=sentence.start + by, end=sentence.end + by, section=section, mentions=mentions
    )


def _breaks_off(text: str, left: str) -> bool:
    """Say whether what is left ends with an adjective whose noun is gone: "with mild bibasilar."."""
    ending = left.rstrip(" .").lower()
    if text.lower().rstrip(" .").endswith(ending[-12:]):
        return False
    before, last = ["", "", *ending.split()][-2:]
    rules = table("clauses")["adjective"]
    placed = last in rules["places"] and not set(rules["within"]).isdisjoint(ending.split()[-5:-1])
    return last in rules["words"] and before not in rules["behind"] and not placed


def _agrees(text: str, sentences: Sequence[Sentence]) -> bool:
    """Say whether verb and noun still agree: "There are atelectasis" and "pneumothorax are" do not."""
    mentions = [m for s in sentences for m in s.mentions]
    if FRAGMENT.match(text) or _DANGLING.search(text) or (_NEITHER.search(text) and not _NOR.search(text)):
        return False
    if not mentions:
        return True
    plural = is_plural(text[mentions[0].start : mentions[0].end])
    there = _THERE.match(text)
    several = len(mentions) > 1
    if there:
        verb, denied = there.group(1).lower(), there.group(2)
        return plural or several if verb in ("are", "were") else not plural or several or bool(denied)
    behind = _PLURAL_VERB.match(text, mentions[0].end)
    return plural or several or not behind


def is_plural(words: str) -> bool:
    """Say whether words that name a finding name several, by their last: "opacities", not "atelectasis"."""
    last = words.split()[-1].lower()
    return (last.endswith("s") and not last.endswith(("sis", "ss", "us", "pus"))) or last.endswith("ces")


@cache
def exceptions() -> PhrasePattern:
    """Return what says that something holds but for what follows: "except for", "other than"."""
    return PhrasePattern.of(table("clauses")["exception"]["phrases"])


def is_denied(mention: Mention) -> bool:
    """Say whether a mention says that its finding is not there."""
    return mention.assertion in (Assertion.ABSENT, Assertion.RESOLVED)
