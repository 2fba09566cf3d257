"""What maps score against boxes, per finding and together, with intervals. Knows no picture, no encoder and no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.encoders.base import EncoderCard
from medcutmix_cli.evaluation.intervals import percentile_interval
from medcutmix_cli.evaluation.map_settings import MapSettings
from medcutmix_cli.seeds import stable_generator

ALL, MEAN = "all targets", "mean of findings"

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TargetScore:
    """One picture and one finding (or phrase) with all its boxes. Without the phrase: it is report text.

    Attributes:
        picture: As the box file has it.
        boxes: How many boxes make up the target.
        area: Share of the picture that they cover; the chance of a point to hit.
        pointing: 1 or 0, or a share where several pixels are highest.
        contrast: Signed contrast-to-noise ratio; NaN where the target is the whole picture.
        miou: Mean IoU over the thresholds.
    """

    picture: str
    finding: str
    boxes: int
    area: float
    pointing: float
    contrast: float
    miou: float

    @property
    def cnr(self) -> float:
        """CNR as published: without the sign."""
        return abs(self.contrast)


@dataclass(frozen=True, slots=True)
class BootstrapMean:
    """A mean and its bootstrap interval; NaN where it cannot be said (no interval for fewer than two pictures)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MapScore:
    """One row of the table; `chance` is the mean share of the picture that a target covers."""

    name: str
    pictures: int
    targets: int
    boxes: int
    chance: float
    pointing: BootstrapMean
    cnr: BootstrapMean
    contrast: BootstrapMean
    miou: BootstrapMean


@dataclass(frozen=True, slots=True)
class MapEvaluation:
    """What came out.

    Attributes:
        encoder: Who drew the maps.
        device: Where it was asked to run.
        kind: Of the box file.
        settings: How maps were measured.
        pictures: How many pictures were used; `targets` (picture and phrase) and `boxes` likewise.
        boxes_read: How many boxes the file holds: `boxes` and all of `dropped`.
        dropped: Boxes that were left out, by reason.
        noted: What else a user should know, by name.
        prompts: Finding -> the sentence that asked for it, where annotations have none of their own.
        definitions: What each number means, by name.
        findings: One per finding, by name.
        all_targets: Mean over all targets.
        mean: Mean over findings.
        scores: One per target, by picture and finding.
    """

    encoder: EncoderCard
    device: str
    kind: str
    settings: MapSettings
    pictures: int
    targets: int
    boxes: int
    boxes_read: int
    dropped: Mapping[str, int]
    noted: Mapping[str, int]
    prompts: Mapping[str, str]
    definitions: Mapping[str, str]
    findings: tuple[MapScore, ...]
    all_targets: MapScore
    mean: MapScore
    scores: tuple[TargetScore, ...]


def summarise(
    scores: Sequence[TargetScore], settings: MapSettings
) -> tuple[tuple[MapScore, ...], MapScore, MapScore]:
    """Return a row for each finding, one over all targets, and one over findings."""
    names = sorted({score.finding for score in scores})
    findings = tuple(_row(name, [s for s in scores if s.finding == name], [name], settings) for name in names)
    return findings, _row(ALL, scores, [], settings), _row(MEAN, scores, names, settings)


def _row(
    name: str, scores: Sequence[TargetScore], findings: Sequence[str], settings: MapSettings
) -> MapScore:
    """Average over targets of each of `findings`, then over these; over all targets where there are none."""
    pictures = sorted({score.picture for score in scores})

    def estimate(measure: Callable[[TargetScore], float]) -> BootstrapMean:
        table = _table(scores, pictures, findings, measure)
        return bootstrap(*table, settings, name)

    return MapScore(
        name=name,
        pictures=len(pictures),
        targets=len(scores),
        boxes=sum(score.boxes for score in scores),
        chance=float(_means(*(part.sum(axis=0) for part in _table(scores, pictures, findings, _area)))[0]),
        pointing=estimate(lambda score: score.pointing),
        cnr=estimate(lambda score: score.cnr),
        contrast=estimate(lambda score: score.contrast),
        miou=estimate(lambda score: score.miou),
    )


def _area(score: TargetScore) -> float:
    return score.area


def _table(
    scores: Iterable[TargetScore],
    pictures: Sequence[str],
    findings: Sequence[str],
    measure: Callable[[TargetScore], float],
) -> tuple[Table, Table]:
    """Return sums and counts of a measure, both (pictures, findings or 1); undefined values are left out."""
    row, column = {p: n for n, p in enumerate(pictures)}, {f: n for n, f in enumerate(findings)}
    sums = np.zeros((len(pictures), max(1, len(findings))))
    counts = np.zeros_like(sums)
    for score in scores:
        value = measure(score)
        if not np.isnan(value):
            at = row[score.picture], column.get(score.finding, 0)
            sums[at] += value
            counts[at] += 1
    return sums, counts


def bootstrap(sums: Table, counts: Table, settings: MapSettings, name: str) -> BootstrapMean:
    """Return the mean and its percentile interval; pictures are drawn again, with all their targets.

    Percentile bootstrap of Efron and Tibshirani (1993, chapter 13). Targets of one picture are not independent, so
    pictures are the unit. The draws depend on the seed and the row's name, not on the order of anything.

    Args:
        sums: (pictures, columns) sum of a measure, pictures in the order of their ids.
        counts: (pictures, columns) how many values are in each sum.
        settings: Level, resamples and seed.
        name: Of the row.
    """
    value = float(_means(sums.sum(axis=0), counts.sum(axis=0))[0])
    pictures = len(sums)
    if pictures < 2 or not settings.resamples:
        return BootstrapMean(value, float("nan"), float("nan"))
    generator = stable_generator("maps-bootstrap", settings.seed, name)
    drawn = np.concatenate([_resampled(sums, counts, generator, size) for size in _parts(settings.resamples)])
    return BootstrapMean(value, *percentile_interval(drawn, settings.interval))


def _parts(resamples: int, size: int = 100) -> list[int]:
    return [min(size, resamples - start) for start in range(0, resamples, size)]


def _resampled(sums: Table, counts: Table, generator: np.random.Generator, resamples: int) -> Table:
    pictures = len(sums)
    drawn = generator.multinomial(pictures, np.full(pictures, 1 / pictures), size=resamples).astype(
        np.float64
    )
    return _means(drawn @ sums, drawn @ counts)


def _means(sums: Table, counts: Table) -> Table:
    """Divide, then average over the columns that hold anything; NaN where none does. Returns one value a row."""
    sums, counts = np.atleast_2d(sums), np.atleast_2d(counts)
    there = counts > 0
    ratios = np.where(there, sums / np.where(there, counts, 1.0), 0.0)
    columns = there.sum(axis=1)
    return np.asarray(np.where(columns > 0, ratios.sum(axis=1) / np.maximum(columns, 1), np.nan))
