"""How well mixed pictures are told from original ones: the area under the curve, with intervals over patients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from medcutmix_cli.evaluation.detect_settings import DetectSettings
from medcutmix_cli.evaluation.interval_settings import IntervalSettings
from medcutmix_cli.evaluation.intervals import Counts, IntervalEstimate, Values, interval_of

FEWEST = 10
"""Pairs of a finding below which nothing is said of it."""


@dataclass(frozen=True, slots=True)
class PairScore:
    """What the network that never saw its patients says of one pair.

    Attributes:
        patient: The recipient's.
        fold: Which network; scores of different networks are not compared.
        mixed: Score of the mixed picture, log odds.
        original: Score of the recipient's own picture.
    """

    pair_id: str
    patient: str
    strategy: str
    finding: str
    fold: int
    mixed: float
    original: float


@dataclass(frozen=True, slots=True)
class DetectScore:
    """One row of the table.

    Attributes:
        name: The strategy, or a finding.
        patients: Of the recipients.
        auc: How often a mixed picture scores above an original one of any patient held out with it; .5 is chance.
        paired: How often it scores above its own recipient's; equal scores count half.
    """

    name: str
    pairs: int
    patients: int
    auc: IntervalEstimate
    paired: IntervalEstimate


@dataclass(frozen=True, slots=True)
class DetectEvaluation:
    """What came out.

    Attributes:
        written: How many pairs the run holds.
        left_out: Pairs that were not looked at, by reason.
        learned: Pairs that each network was trained with, on average: those of the held-out patients are not.
        trained: How networks were trained.
        settings: How intervals were drawn.
        strategies: One row each, by name.
        findings: One row for each finding that came in with at least `FEWEST` pairs.
        scores: One per pair, in the run's order.
    """

    written: int
    left_out: Mapping[str, int]
    learned: float
    trained: DetectSettings
    settings: IntervalSettings
    strategies: tuple[DetectScore, ...]
    findings: tuple[DetectScore, ...]
    scores: tuple[PairScore, ...] = field(repr=False)


def rows_by(
    scores: Sequence[PairScore],
    name_of: Callable[[PairScore], str],
    settings: IntervalSettings,
    fewest: int = 1,
) -> Iterator[DetectScore]:
    """Yield a row for each name that pairs are grouped by, in the order of names."""
    groups: dict[str, list[PairScore]] = defaultdict(list)
    for score in scores:
        groups[name_of(score)].append(score)
    for name in sorted(groups):
        if name and len(groups[name]) >= fewest:
            yield _row(name, groups[name], settings)


def _row(name: str, scores: Sequence[PairScore], settings: IntervalSettings) -> DetectScore:
    owners = [score.patient for score in scores]
    own = np.array([_above(s.mixed, s.original) for s in scores])

    def paired(counts: Counts) -> float:
        return float(own @ counts / counts.sum())

    return DetectScore(
        name=name,
        pairs=len(scores),
        patients=len(set(owners)),
        auc=interval_of(area(scores), owners, settings, f"auc {name}"),
        paired=interval_of(paired, owners, settings, f"paired {name}"),
    )


def area(scores: Sequence[PairScore]) -> Callable[[Counts], float]:
    """Return the area under the curve of some scores, as a statistic of how often each of them counts.

    The share of all (mixed, original) of one fold in which mixed scores higher, equal scores counting half (Mann and
    Whitney 1947): folds are different networks, so that their scores have different zeros.
    """
    tables = []
    for fold in sorted({score.fold for score in scores}):
        own = np.array([n for n, score in enumerate(scores) if score.fold == fold])
        mixed, original = (
            np.array([getattr(scores[n], kind) for n in own]) for kind in ("mixed", "original")
        )
        tables.append((own, _above(mixed[:, None], original[None, :])))

    def found(counts: Counts) -> float:
        above = sum(float(counts[own] @ table @ counts[own]) for own, table in tables)
        pairs = sum(float(counts[own].sum()) ** 2 for own, _ in tables)
        return above / pairs if pairs else float("nan")

    return found


def _above(one: Values | float, other: Values | float) -> Values:
    return np.asarray((np.sign(np.subtract(one, other)) + 1) / 2)
