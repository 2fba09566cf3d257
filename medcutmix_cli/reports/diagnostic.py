"""Who decides which sentences are diagnostic: the lexicon, a model's entities, or both.

The labels of a report are the lexicon's under every strategy. Knows no model: entities are handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from medcutmix_cli.errors import UsageError, suggest
from medcutmix_cli.findings import is_open
from medcutmix_cli.records import Assertion, Candidate, Mention, Sentence, SentenceKind
from medcutmix_cli.reports.candidates import GET_ONE
from medcutmix_cli.reports.entities import overlaps, read_open_findings
from medcutmix_cli.reports.kinds import DEVICES
from medcutmix_cli.reports.sentences import unwrap

LEXICON, ENTITIES, BOTH = DIAGNOSTIC = ("lexicon", "entities", "both")
"""The strategies, by name."""

_ASSERTS = frozenset({SentenceKind.DIAGNOSTIC, SentenceKind.PRIOR})
_NORMAL = frozenset({SentenceKind.NORMAL, SentenceKind.NEGATIVE})


def check_strategy(strategy: str, model: str) -> None:
    """Refuse a strategy that there is not, and one that needs a model where none is named.

    Raises:
        UsageError: Either.
    """
    if strategy not in DIAGNOSTIC:
        raise UsageError(f"there is no strategy {strategy!r}", hint=suggest(strategy, DIAGNOSTIC))
    if strategy != LEXICON and not model:
        raise UsageError(
            f"--diagnostic {strategy} needs a model, and none was named",
            hint=f"--nlp-model FOLDER; {GET_ONE}",
        )


def decide(sentence: Sentence, entities: Sequence[Candidate], strategy: str, *, asked: bool) -> Sentence:
    """Return a sentence with its open findings, and the kind that the strategy gives it.

    Args:
        sentence: As the lexicon reads it.
        entities: All that the model marks in it, offsets into the report.
        strategy: `ENTITIES`: a sentence is diagnostic where the model marks a finding that it asserts, of the lexicon
            or not; `BOTH`: where either knows one; `LEXICON`: entities are noted.
        asked: Whether its section asks what is there.
    """
    free = tuple(e for e in entities if not overlaps(e, sentence.mentions))
    if strategy == LEXICON:
        return replace(sentence, candidates=free)
    opened = _open_findings(sentence, free, asked=asked)
    mentions = tuple(sorted((*sentence.mentions, *opened), key=lambda m: (m.start, m.end, m.finding)))
    decisive = mentions if strategy == BOTH else [m for m in mentions if overlaps(m, entities)]
    kind = _kind(sentence.kind, decisive)
    flags = {*sentence.flags} | ({"normal"} if sentence.kind in _NORMAL - {kind} else set())
    left = tuple(e for e in free if not overlaps(e, opened))
    return replace(sentence, kind=kind, mentions=mentions, flags=tuple(sorted(flags)), candidates=left)


def _open_findings(sentence: Sentence, entities: Sequence[Candidate], *, asked: bool) -> tuple[Mention, ...]:
    by = sentence.start
    placed = [replace(e, start=e.start - by, end=e.end - by) for e in entities]
    known = [replace(m, start=m.start - by, end=m.end - by) for m in sentence.mentions]
    found = read_open_findings(unwrap(sentence.text), placed, known, asked=asked)
    return tuple(replace(m, start=m.start + by, end=m.end + by) for m in found)


def _kind(kind: SentenceKind, decisive: Sequence[Mention]) -> SentenceKind:
    """Return the kind by the findings that decide; what open findings do not assert changes none."""
    present = [m for m in decisive if m.assertion is Assertion.PRESENT and m.finding != DEVICES]
    if kind not in _ASSERTS and not any(is_open(m.finding) for m in present):
        return kind
    if not present:
        return SentenceKind.OTHER
    return SentenceKind.PRIOR if all(m.prior for m in present) else SentenceKind.DIAGNOSTIC
