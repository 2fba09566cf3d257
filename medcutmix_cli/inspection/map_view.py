"""What looking at one map gives: the records, the same as plain values, and the sentences people are told.

Holds no sentence of a report and computes no map.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Mask, Region, Scores, cells_inside, cells_with_score
from medcutmix_cli.encoders.base import EncoderCard
from medcutmix_cli.images import Canvas
from medcutmix_cli.records import Assertion, MapTarget, Side
from medcutmix_cli.sides import Half, image_half, side_word


@dataclass(frozen=True, slots=True)
class QueryFinding:
    """What the sentence asks for.

    Attributes:
        finding: Lexicon id, "" where the reader sees none.
        named: All findings that the sentence names, in its order.
        assertion: What the sentence says of the finding; None where it does not name it.
        side: The patient's side it gives the finding; the mask is checked against it.
        severity: Degree or size that it gives the finding, as the reader words it, or "" (likewise location).
    """

    finding: str
    named: tuple[str, ...]
    assertion: Assertion | None
    side: Side
    severity: str = ""
    location: str = ""

    @property
    def target(self) -> MapTarget:
        """Return the same as a run would hand it to its mask rule."""
        return MapTarget(self.finding, self.side, self.severity, self.location)


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest cell of those whose peak the gate compares (its border is left out).

    Attributes:
        row, column: Cell of the grid, from 0.
        x, y: Centre of the cell in pixels of the original picture, x right, y down.
        side: The patient's side if the picture is frontal: LEFT is its right half; NONE on the midline.
    """

    row: int
    column: int
    score: float
    x: int
    y: int
    side: Side


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the peak compares with those of the run's pictures without the finding.

    Attributes:
        unknown: "" or why nothing could be compared: "no-run", "no-gate", "not-calibrated", "nothing-to-compare",
            "no-finding", "finding-not-calibrated".
        ground_p: (1 + reaching) / (1 + nulls); NaN where it is not known.
        kept: What the run's gate says; None where it is not known.
        nulls: Pictures without the finding that were compared.
        reaching: How many of them peak as high, or higher.
        allowed: The most of them that may, for evidence that is kept.
        threshold: What the peak must be above; NaN where there is none.
        split: Whose pictures they are.
    """

    unknown: str = ""
    ground_p: float = nan
    kept: bool | None = None
    nulls: int = 0
    reaching: int = 0
    allowed: int = 0
    threshold: float = nan
    split: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class MapView:
    """One map, with all that is to be said of it.

    Attributes:
        image: The picture file.
        canvas: The picture as it would be mixed, and where the original lies on it.
        run: The run it was looked at with, None without one.
        device: Where the encoder ran.
        rule: Registered name of the mask rule.
        scores: (grid_h, grid_w) float32 raw map over the canvas, float16-exact, NaN outside the field of view.
        region: The mask, and the name of the rule that refuses it.
        peak: None where no cell of the picture has a score.
        cut_tokens: Tokens of the sentence beyond the encoder's limit.
        lungs: Outlines of the right and the left lung, (n, 2) float32 (x, y) canvas pixels; empty where the picture
            is not registered.
    """

    image: Path
    image_id: str
    canvas: Canvas = field(repr=False)
    encoder: EncoderCard
    device: str
    run: Path | None
    asked: QueryFinding
    rule: str
    scores: Scores = field(repr=False)
    region: Region = field(repr=False)
    peak: Peak | None
    evidence: Evidence
    cut_tokens: int = 0
    lungs: tuple[npt.NDArray[np.float32], ...] = field(repr=False, default=())

    @property
    def seen(self) -> Mask:
        """Cells of the picture that have a score, (grid_h, grid_w) bool."""
        return cells_with_score(self.scores, self.canvas.placement)

    @property
    def inside(self) -> Mask:
        """Cells of the picture, (grid_h, grid_w) bool."""
        return cells_inside(self.canvas.placement, self.scores.shape)

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest score of the picture; NaN where there is none."""
        values = self.scores[self.seen]
        return (float(values.min()), float(values.max())) if values.size else (nan, nan)

    @property
    def area(self) -> float:
        """Share of the picture's scored cells that the mask takes, as the mask rules count it."""
        return float(self.region.mask.sum() / max(1, self.seen.sum()))


def as_document(seen: MapView) -> dict[str, Any]:
    """Return all numbers as plain values: grids as lists of rows, row 0 at the top of the canvas; no pixels."""
    low, high = seen.span
    return {
        "image": str(seen.image),
        "image_id": seen.image_id,
        "placement": asdict(seen.canvas.placement),
        "encoder": asdict(seen.encoder),
        "device": seen.device,
        "run": str(seen.run) if seen.run else None,
        **asdict(seen.asked),
        "cut_tokens": seen.cut_tokens,
        "grid": list(seen.scores.shape),
        "scores": seen.scores.tolist(),
        "lowest": low,
        "highest": high,
        "peak": asdict(seen.peak) if seen.peak else None,
        "rule": seen.rule,
        "mask": seen.region.mask.astype(int).tolist(),
        "strength": seen.region.strength.tolist(),
        "reach": seen.region.reach.tolist(),
        "area": seen.area,
        "rejected": seen.region.rejected,
        "evidence": asdict(seen.evidence),
    }


def number(value: float) -> str:
    """Write a score as people compare them: three digits."""
    return f"{value:.3g}"


def query_words(asked: QueryFinding) -> str:
    """Say what the sentence was read as."""
    if not asked.finding:
        return "no finding that the report reader knows, no side"
    said = asked.assertion.value if asked.assertion else "not named by the sentence"
    side = side_word(asked.side) or "no side"
    others = [name for name in asked.named if name != asked.finding]
    also = f"; also named: {', '.join(others)}" if others else ""
    return f"{asked.finding}, {said}, {side}{also}"


def peak_words(peak: Peak | None) -> str:
    """Say where the peak is, in the original picture and in the patient."""
    if peak is None:
        return "none: no cell of the picture has a score"
    half = image_half(peak.side)
    where = "on its midline" if half is Half.WHOLE else f"{half} half, the patient's {peak.side}"
    return f"{number(peak.score)} at x {peak.x}, y {peak.y} of the original: {where}"


def mask_words(seen: MapView) -> str:
    """Say how large the mask is, or by which rule a run would refuse it."""
    whole = "the picture" if bool(seen.seen.sum() == seen.inside.sum()) else "what the encoder sees"
    size = f"{seen.rule}, {seen.area:.1%} of {whole}"
    return f"{size}; refused: {seen.region.rejected}" if seen.region.rejected else size


def evidence_words(seen: MapView) -> str:
    """Say what ground_p is and what it means, or why it is not known."""
    found = seen.evidence
    if found.unknown:
        return (
            f"ground_p not known: {_UNKNOWN[found.unknown].format(finding=seen.asked.finding, run=seen.run)}"
        )
    without = f"{found.nulls:,} {found.split} pictures without {seen.asked.finding}"
    counted = f"{found.reaching:,} of {without} peak as high ({max(0, found.allowed):,} may)"
    return f"ground_p {found.ground_p:.4f}: {counted}; {'kept' if found.kept else 'weak evidence, refused'}"


_UNKNOWN = {
    "no-run": "give --run RUN",
    "no-gate": "the run has no evidence gate",
    "not-calibrated": "the run is not calibrated yet; this does it: medcutmix calibrate {run}",
    "nothing-to-compare": "the run mixes nothing, and has no picture without a finding to compare with",
    "no-finding": "the sentence names no finding; give --finding ID",
    "finding-not-calibrated": "the run has no calibration of {finding}",
}
