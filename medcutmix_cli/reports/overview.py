"""One reading laid out for a person or a program: which sentences are diagnostic, and why the others are not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Assertion, Candidate, Mention, Reading, Sentence, SentenceKind
from medcutmix_cli.reports.labels import chexpert_labels, counting_sections, finding_states


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section as `records.Section`, with whether what it says counts as what the study shows."""

    name: str
    header: str
    start: int
    end: int
    counts: bool


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence as `records.Sentence`, with why it is no diagnostic sentence.

    Attributes:
        why_not: "" for a diagnostic sentence, "section" where its section does not count, else its kind.
    """

    start: int
    end: int
    text: str = field(repr=False)
    section: str
    kind: SentenceKind
    diagnostic: bool
    why_not: str
    flags: tuple[str, ...]
    findings: tuple[Mention, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What a reader makes of one report.

    Attributes:
        characters: Length of the report, code points.
        findings: Lexicon id -> what the whole report says of it.
        labels: CheXpert observation -> 1.0, 0.0 or -1.0; observations that are not mentioned are left out.
    """

    characters: int
    sections: tuple[SectionView, ...]
    sentences: tuple[SentenceView, ...]
    findings: Mapping[str, Assertion]
    labels: Mapping[str, float]


def overview(report: str, reading: Reading) -> Overview:
    """Lay out what was read in `report`."""
    counting = counting_sections(reading)
    sections = tuple(
        SectionView(s.name, s.header, s.start, s.end, s.name in counting) for s in reading.sections
    )
    labels = zip(CHEXPERT, chexpert_labels(reading), strict=True)
    return Overview(
        len(report),
        sections,
        tuple(_sentence_view(sentence, counting) for sentence in reading.sentences),
        finding_states(reading),
        {name: value for name, value in labels if not math.isnan(value)},
    )


def _sentence_view(s: Sentence, counting: frozenset[str]) -> SentenceView:
    why_not = "" if s.kind is SentenceKind.DIAGNOSTIC else s.kind.value
    if s.section not in counting:
        why_not = "section"
    return SentenceView(
        s.start, s.end, s.text, s.section, s.kind, not why_not, why_not, s.flags, s.mentions, s.candidates
    )
