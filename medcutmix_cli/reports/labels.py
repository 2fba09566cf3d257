"""A reading -> one state per finding, and the 14 CheXpert labels. Knows no text, only what was read."""

from __future__ import annotations

import math

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Assertion, Reading, SentenceKind
from medcutmix_cli.reports.lexicon import label_of

# Order of strength where a report says several things of one finding.
_STRENGTH = (Assertion.PRESENT, Assertion.UNCERTAIN, Assertion.ABSENT, Assertion.RESOLVED)
# Resolved is "not there now", so 0.0 as for absent.
_VALUE = {Assertion.PRESENT: 1.0, Assertion.UNCERTAIN: -1.0, Assertion.ABSENT: 0.0, Assertion.RESOLVED: 0.0}
_MAIN = frozenset({"findings", "impression", "last_paragraph"})
_FALLBACKS = ("preamble", "other", "comparison")


def counting_sections(reading: Reading) -> frozenset[str]:
    """Return the names of the sections that say what the study shows.

    Findings, impression, last paragraph and addenda; where there is none of the first three, the first of
    preamble, other sections and comparison that holds a sentence (the order in which the published MIMIC-CXR
    extraction and reports without headers leave their text).
    """
    names = {sentence.section for sentence in reading.sentences}
    main = names & _MAIN
    if not main:
        main = {next((name for name in _FALLBACKS if name in names), "")}
    return frozenset((main | {"addendum"}) & names)


def finding_states(reading: Reading) -> dict[str, Assertion]:
    """Return lexicon id -> what the report says of it; present wins over uncertain over absent over resolved."""
    counting = counting_sections(reading)
    said: dict[str, set[Assertion]] = {}
    for sentence in reading.sentences:
        if sentence.section in counting:
            for mention in sentence.mentions:
                said.setdefault(mention.finding, set()).add(mention.assertion)
    return {finding: next(a for a in _STRENGTH if a in states) for finding, states in said.items()}


def labels_of_states(states: dict[str, Assertion], scheme: str = "chexpert") -> dict[str, float]:
    """Return label name -> 1.0 present, -1.0 uncertain, 0.0 absent or resolved, for labels that are mentioned."""
    labels: dict[str, float] = {}
    for finding, label in label_of(scheme).items():
        if finding in states:
            values = {_VALUE[states[finding]], labels.get(label, 0.0)}
            labels[label] = next(value for value in (1.0, -1.0, 0.0) if value in values)
    return labels


def chexpert_labels(reading: Reading) -> tuple[float, ...]:
    """Return one value per observation in `findings.CHEXPERT` order.

    1.0 present, 0.0 absent or resolved, -1.0 uncertain, NaN not mentioned. "No Finding" is 1.0 where no
    finding but support devices is present or uncertain and some sentence states normality or denies a
    finding, else NaN.
    """
    states = finding_states(reading)
    labels = labels_of_states(states)
    if _no_finding(reading, states):
        labels["No Finding"] = 1.0
    return tuple(labels.get(name, math.nan) for name in CHEXPERT)


def _no_finding(reading: Reading, states: dict[str, Assertion]) -> bool:
    open_states = (Assertion.PRESENT, Assertion.UNCERTAIN)
    if any(state in open_states for finding, state in states.items() if finding != "support_devices"):
        return False
    counting = counting_sections(reading)
    kinds = {sentence.kind for sentence in reading.sentences if sentence.section in counting}
    return bool(kinds & {SentenceKind.NORMAL, SentenceKind.NEGATIVE})
