"""Bootstrap intervals of any statistic, patients being drawn again with all that is theirs. Knows no picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.evaluation.interval_settings import IntervalSettings
from medcutmix_cli.seeds import stable_generator

Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class IntervalEstimate:
    """A figure and its bootstrap interval; NaN where it cannot be said (no interval for fewer than two patients)."""

    value: float
    low: float
    high: float


def interval_of(
    statistic: Callable[[Counts], float], owners: Sequence[str], settings: IntervalSettings, name: str
) -> IntervalEstimate:
    """Return a statistic and its percentile interval (Efron and Tibshirani 1993, chapter 13).

    What one patient owns is not independent, so patients are the unit. The draws depend on the seed and the figure's
    name, not on the order of anything.

    Args:
        statistic: Takes how often each of the observations counts, (observations,) int; NaN where it cannot be said.
        owners: Patient of each observation.
        settings: Level, resamples and seed.
        name: Of the figure.
    """
    value = statistic(np.ones(len(owners), np.int64))
    drawn = np.array([statistic(counts) for counts in draws(owners, settings, name)])
    return IntervalEstimate(value, *percentile_interval(drawn, settings.interval))


def percentile_interval(drawn: Values, level: float) -> tuple[float, float]:
    """Return the (low, high) between which that share of the finite draws lies; NaN where there is none."""
    finite = drawn[np.isfinite(drawn)]
    if not finite.size:
        return float("nan"), float("nan")
    tail = 50 * (1 - level)
    low, high = np.percentile(finite, [tail, 100 - tail])
    return float(low), float(high)


def draws(owners: Sequence[str], settings: IntervalSettings, name: str) -> Iterator[Counts]:
    """Yield how often each observation counts, once a resample; nothing for fewer than two patients."""
    patients = sorted(set(owners))
    place = {patient: number for number, patient in enumerate(patients)}
    own = np.array([place[owner] for owner in owners], np.int64)
    generator = stable_generator("bootstrap", settings.seed, name)
    for _ in range(settings.resamples if len(patients) > 1 else 0):
        yield generator.multinomial(len(patients), np.full(len(patients), 1 / len(patients)))[own]
