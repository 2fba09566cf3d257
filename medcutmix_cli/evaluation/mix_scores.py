"""What mixed pairs score against anatomy, figure by figure, with intervals. Knows no picture and no file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from medcutmix_cli.evaluation.interval_settings import IntervalSettings
from medcutmix_cli.evaluation.intervals import Counts, IntervalEstimate, interval_of
from medcutmix_cli.evaluation.mix_measures import Measures

Values = npt.NDArray[np.float64]
Statistic = Callable[[Values, Values], float]
"""From values and how much each of them counts, both (pairs,), to a figure."""

QUARTER, HALF = 0.25, 0.5
_CUT = (0.05, 0.95)  # of a device: less is the mask's own blur, more is a device that is gone as a whole


@dataclass(frozen=True, slots=True)
class MixMeasures:
    """What one written pair scores, by name; `patient` is the recipient's."""

    pair_id: str
    patient: str
    measures: Measures


@dataclass(frozen=True, slots=True)
class MixFigure:
    """One figure over all pairs of which it can be said."""

    name: str
    pairs: int
    estimate: IntervalEstimate
    meaning: str


@dataclass(frozen=True, slots=True)
class MixEvaluation:
    """What came out.

    Attributes:
        anatomy: Who knows where the organs are: "masks", "phantoms", or "none", who leaves all pairs unmeasured.
        written: How many pairs the run holds.
        faulty: How many of their reports break a rule of the critic (`reports.critic`).
        faults: Rule -> how many reports break it, most first.
        measured: How many could be measured; `written` and all of `left_out`.
        left_out: Pairs that could not, by reason.
        settings: How intervals were drawn.
        figures: In the order of `FIGURES`, those that can be said.
        pairs: One per measured pair, in the run's order.
    """

    anatomy: str
    written: int
    measured: int
    left_out: Mapping[str, int]
    settings: IntervalSettings
    figures: tuple[MixFigure, ...]
    pairs: tuple[MixMeasures, ...] = field(repr=False)
    faulty: int = 0
    faults: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FigureKind:
    """How one figure is made of the pairs' measures.

    Attributes:
        measure: Which of them.
        statistic: What is made of them.
        pooled: Whether a pair counts by its pixels instead of once.
    """

    name: str
    measure: str
    statistic: Statistic
    meaning: str
    pooled: bool = False


def mean(values: Values, weights: Values) -> float:
    """Return the weighted mean."""
    return float(values @ weights / weights.sum())


def quantile(level: float) -> Statistic:
    """Return the statistic below which a share of the pairs lies: the lowest value that reaches it."""

    def found(values: Values, weights: Values) -> float:
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(weights[order]) / weights.sum()
        return float(values[order][min(int(np.searchsorted(reached, level - 1e-12)), len(order) - 1)])

    return found


def share_over(least: float, most: float = np.inf, *, strictly: bool = True) -> Statistic:
    """Return the statistic that counts pairs above `least` (or at it) and below `most`."""

    def found(values: Values, weights: Values) -> float:
        above = values > least if strictly else values >= least
        return mean((above & (values < most)).astype(np.float64), weights)

    return found


_OVERWRITTEN = "of the recipient's {} under the paste, the share where the donor has none; mean of pairs"
FIGURES = (
    FigureKind("dice, median", "dice", quantile(0.5), "overlap of the donor's lungs, as pasted, with the recipient's"),
    FigureKind("dice, 10th percentile", "dice", quantile(0.1), "a tenth of the pairs lies below"),
    FigureKind("lung overwritten", "lung-overwritten", mean, _OVERWRITTEN.format("lung")),
    FigureKind("lung overwritten, over 1/4", "lung-overwritten", share_over(QUARTER), "share of such pairs"),
    FigureKind("region in lung", "region-in-lung", mean, "share of the pasted pixels that are the recipient's lung"),
    FigureKind(
        "lung on lung", "lung-on-lung", mean, "of the lung under all pastes, the share that is lung of the donors too",
        pooled=True,
    ),
    FigureKind("side agreement", "side-agreement", mean, "the region's centre is in the lung that the sentence names"),
    FigureKind("zone agreement", "zone-agreement", mean, "and in the third of it (apex, base, lobe) that it names"),
    FigureKind("aerated lung overwritten", "aerated-overwritten", mean, _OVERWRITTEN.format("lung beside heart")),
    FigureKind("heart overwritten", "heart-overwritten", mean, _OVERWRITTEN.format("heart")),
    FigureKind("abdomen overwritten", "abdomen-overwritten", mean, _OVERWRITTEN.format("abdomen")),
    FigureKind("bone overwritten", "bone-overwritten", mean, _OVERWRITTEN.format("ribs and clavicles")),
    FigureKind("donor's mask, IoU", "donor-mask-iou", mean, "with the donor's true lesion"),
    FigureKind("recipient's mask, IoU", "recipient-mask-iou", mean, "with the recipient's true lesion"),
    FigureKind("region, IoU", "region-iou", mean, "of the pasted region with both true lesions together"),
    FigureKind("donor's lesion inside", "donor-lesion-inside", mean, "share of its pixels that was pasted"),
    FigureKind(
        "donor's lesion came", "donor-lesion-inside", share_over(HALF, strictly=False), "pairs with at least half of it"
    ),
    FigureKind("recipient's lesion covered", "recipient-lesion-gone", mean, "share of its pixels that was pasted over"),
    FigureKind(
        "recipient's lesion gone", "recipient-lesion-gone", share_over(HALF, strictly=False),
        "pairs with at least half of it",
    ),
    FigureKind(
        "device cut", "device-covered", share_over(*_CUT), "recipients' devices of which 5 to 95 % were pasted over"
    ),
)  # fmt: skip
"""In the order of the table; what nobody can say of a run is left out there."""


def figures_of(pairs: Sequence[MixMeasures], settings: IntervalSettings) -> Iterator[MixFigure]:
    """Yield each figure that can be said of some pairs, with its interval over the recipients' patients."""
    for kind in FIGURES:
        known = [pair for pair in pairs if kind.measure in pair.measures]
        if known:
            shares = [pair.measures[kind.measure] for pair in known]
            values = np.array([share.value for share in shares])
            weights = np.array([share.pixels if kind.pooled else 1.0 for share in shares])
            owners = [pair.patient for pair in known]
            estimate = interval_of(_statistic(kind, values, weights), owners, settings, kind.name)
            yield MixFigure(kind.name, len(known), estimate, kind.meaning)


def _statistic(kind: FigureKind, values: Values, weights: Values) -> Callable[[Counts], float]:
    def found(counts: Counts) -> float:
        drawn = weights * counts
        return kind.statistic(values, drawn) if drawn.any() else float("nan")

    return found
