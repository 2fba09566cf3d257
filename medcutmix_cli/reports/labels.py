"""A reading -> one state per finding, and the 14 CheXpert labels. Knows no text, only what was read."""

from __future__ import annotations

import math

from medcutmix_cli.findings import CHEXPERT, OF_ONE_LUNG, is_open
from medcutmix_cli.records import Assertion, Reading, Sentence, SentenceKind, Side
from medcutmix_cli.reports.lexicon import label_of, only_describes
from medcutmix_cli.sides import other_side

# Order of strength where a report says several things of one finding.
_STRENGTH = (Assertion.PRESENT, Assertion.UNCERTAIN, Assertion.ABSENT, Assertion.RESOLVED)
# Resolved is "not there now", so 0.0 as for absent.
_VALUE = {Assertion.PRESENT: 1.0, Assertion.UNCERTAIN: -1.0, Assertion.ABSENT: 0.0, Assertion.RESOLVED: 0.0}
_MAIN = frozenset({"findings", "impression", "last_paragraph"})
_FALLBACKS = ("preamble", "other", "comparison")
# Where findings without a header stand -> how many sentences about findings show that they do. The name of an
# examination may hold one ("chest for pneumothorax").
_HEADLESS = {"preamble": 1, "examination": 2, "technique": 2}


def counting_sections(reading: Reading) -> frozenset[str]:
    """Return the names of the sections that say what the study shows.

    Findings, impression, last paragraph and addenda; where there is none of the first three, the first of
    preamble, other sections and comparison that holds a sentence (the order in which the published MIMIC-CXR
    extraction and reports without headers leave their text). An impression alone leaves the findings where they have
    no header: before the first one, or behind the name of the examination.
    """
    names = {sentence.section for sentence in reading.sentences}
    main = names & _MAIN
    if not main:
        main = {next((name for name in _FALLBACKS if name in names), "")}
    elif main == {"impression"}:
        main |= {name for name, least in _HEADLESS.items() if _telling(reading, name) >= least}
    return frozenset((main | {"addendum"}) & names)


def _telling(reading: Reading, name: str) -> int:
    """Return how many sentences of a section say something of a finding, devices aside."""
    return sum(
        sentence.section == name and any(_speaks_against(m.finding) for m in sentence.mentions)
        for sentence in reading.sentences
    )


def counted_sentences(reading: Reading) -> list[Sentence]:
    """Return the sentences of the counting sections, in order."""
    counting = counting_sections(reading)
    return [sentence for sentence in reading.sentences if sentence.section in counting]


def finding_states(reading: Reading) -> dict[str, Assertion]:
    """Return lexicon id -> what the report says of it; present wins over uncertain over absent over resolved.

    Signs that may have another cause give way to what the report says of the finding by name: in "Blunting of
    the costophrenic angle. No effusion." there is none.
    """
    counting = counting_sections(reading)
    named: dict[str, set[Assertion]] = {}
    described: dict[str, set[Assertion]] = {}
    for sentence in reading.sentences:
        if sentence.section in counting:
            for mention in sentence.mentions:
                words = sentence.text[mention.start - sentence.start : mention.end - sentence.start]
                said = described if only_describes(mention.finding, words) else named
                said.setdefault(mention.finding, set()).add(mention.assertion)
    return {
        finding: next(a for a in _STRENGTH if a in states) for finding, states in (described | named).items()
    }


def states_of_chest(reading: Reading) -> dict[str, Assertion]:
    """Return what `finding_states` does, without what is denied of one lung alone.

    "The left lung is clear." says nothing of the right one: a label that is 0 would.
    """
    sides: dict[str, set[Side]] = {}
    for mention in (
        m for s in counted_sentences(reading) for m in s.mentions if m.assertion is Assertion.ABSENT
    ):
        sides.setdefault(mention.finding, set()).add(mention.side)
    of_one = {f for f in OF_ONE_LUNG & sides.keys() if len(sides[f]) == 1 and all(map(other_side, sides[f]))}
    states = finding_states(reading)
    return {f: said for f, said in states.items() if said is not Assertion.ABSENT or f not in of_one}


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

    1.0 present, 0.0 absent or resolved, -1.0 uncertain, NaN not mentioned, or denied of one lung alone. "No
    Finding" is 1.0 where no finding but support devices is present or uncertain and some sentence states normality
    or denies a finding, else NaN.
    """
    labels = labels_of_states(states_of_chest(reading))
    if _no_finding(reading):
        labels["No Finding"] = 1.0
    return tuple(labels.get(name, math.nan) for name in CHEXPERT)


def labels_of_mix(
    own: tuple[float, ...], said: tuple[float, ...], given: tuple[float, ...], mixed: tuple[float, ...]
) -> tuple[float, ...]:
    """Return the labels of a mixed report: by the data set where the exchange changed nothing, else by the report.

    Where reports are the source of labels, both are the same. "No Finding" goes with the first finding.

    Args:
        own: What the data set has of the recipient: by its report, or by a label table.
        said: What the recipient's report says.
        given: What the inserted sentences say.
        mixed: What the mixed report says.
    """
    rows = zip(own, said, given, mixed, strict=True)
    found = [m if _differ(before, m) or not math.isnan(came) else label for label, before, came, m in rows]
    ill = any(v in (1.0, -1.0) for name, v in zip(CHEXPERT, found, strict=True) if name not in _NOT_ILL)
    none = CHEXPERT.index("No Finding")
    return (*found[:none], mixed[none] if ill and found[none] == 1.0 else found[none], *found[none + 1 :])


_NOT_ILL = ("No Finding", "Support Devices")


def _differ(one: float, other: float) -> bool:
    return one != other and not (math.isnan(one) and math.isnan(other))


def _no_finding(reading: Reading) -> bool:
    sentences = counted_sentences(reading)
    # Of the sentences, not of the report's states: a blunted angle that is no effusion is no normal chest.
    if any(
        mention.assertion in (Assertion.PRESENT, Assertion.UNCERTAIN) and _speaks_against(mention.finding)
        for sentence in sentences
        for mention in sentence.mentions
    ):
        return False
    return any(
        sentence.kind in (SentenceKind.NORMAL, SentenceKind.NEGATIVE) or "normal" in sentence.flags
        for sentence in sentences
    )


def _speaks_against(finding: str) -> bool:
    """Say whether a finding is one of those that "No Finding" is about: the lexicon's, but no device."""
    return finding != "support_devices" and not is_open(finding)
