"""What a sentence is for: its kind, and the flags of what else it holds. Knows no offsets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from medcutmix_cli.records import Assertion, Mention, SentenceKind
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern, Words

DEVICES = "support_devices"


def sentence_flags(words: Words, mentions: Sequence[Mention], prior: bool) -> frozenset[str]:
    """Return the flags of a sentence, all but "list-marker"."""
    flags = {name for name, pattern in _flag_patterns().items() if pattern.search(words.text)}
    if prior or any(mention.prior for mention in mentions):
        flags.add("prior")
    if any(mention.finding == DEVICES for mention in mentions):
        flags.add("device")
    return frozenset(flags)


def sentence_kind(
    words: Words, mentions: Sequence[Mention], named: bool, flags: frozenset[str]
) -> SentenceKind:
    """Return the kind of a sentence.

    Args:
        words: The sentence.
        mentions: Its findings.
        named: Whether a finding other than a device is named, not only described by "normal".
        flags: Its flags.
    """
    of_body = [mention for mention in mentions if mention.finding != DEVICES]
    present = [mention for mention in of_body if mention.assertion is Assertion.PRESENT]
    if present:
        return SentenceKind.PRIOR if all(mention.prior for mention in present) else SentenceKind.DIAGNOSTIC
    states = {mention.assertion for mention in of_body}
    for assertion, kind in (
        (Assertion.UNCERTAIN, SentenceKind.UNCERTAIN),
        (Assertion.RESOLVED, SentenceKind.RESOLVED),
        (Assertion.ABSENT, SentenceKind.NEGATIVE if named else SentenceKind.NORMAL),
    ):
        if assertion in states:
            return kind
    return _without_findings(words, flags)


def _without_findings(words: Words, flags: frozenset[str]) -> SentenceKind:
    if "device" in flags:
        return SentenceKind.DEVICE
    if _normal_pattern().search(words.text):
        return SentenceKind.NORMAL
    return SentenceKind.NOTIFICATION if "notification" in flags else SentenceKind.OTHER


def refers_to_prior(words: Words) -> bool:
    """Return whether any word of the sentence compares with an earlier study."""
    return _prior_pattern().search(words.text) is not None


@cache
def _flag_patterns() -> dict[str, PhrasePattern]:
    return {name: PhrasePattern.of(phrases) for name, phrases in table("attributes")["flags"].items()}


@cache
def _normal_pattern() -> PhrasePattern:
    return PhrasePattern.of(table("attributes")["normal"]["phrases"])


@cache
def _prior_pattern() -> PhrasePattern:
    return PhrasePattern.of(table("attributes")["prior"]["phrases"])
