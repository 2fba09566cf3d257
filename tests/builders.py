"""Small builders of records, so that a test says only what it is about."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.mixing.views import View
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.records import Image, MapTarget, Pair, Placement, Side, Study

EFFUSION = "There is a small right pleural effusion."
NORMAL = "The heart size is normal."


def make_report(*findings: str, impression: tuple[str, ...] = ()) -> str:
    """Return a report in the shape of MIMIC-CXR's."""
    text = " ".join(findings) or "The lungs are clear."
    blocks = [
        f"                                 FINAL REPORT\n EXAMINATION:  CHEST (PA)\n \n FINDINGS:  {text}\n"
    ]
    if impression:
        blocks.append(f" \n IMPRESSION:  {' '.join(impression)}\n")
    return "".join(blocks)


def make_study(
    number: int = 0,
    report: str | None = None,
    *,
    subject: str | None = None,
    split: str = "train",
    view: str = "PA",
    images: tuple[Image, ...] | None = None,
    labels: dict[str, float] | None = None,
) -> Study:
    """Return a study with one picture; ids are made from `number`."""
    study_id = f"s{50000000 + number}"
    picture = Image(f"image{number}", f"files/{study_id}/image{number}.jpg", view)
    return Study(
        study_id=study_id,
        subject_id=subject or f"p{10000000 + number}",
        split=split,
        images=(picture,) if images is None else images,
        report=make_report(EFFUSION, NORMAL) if report is None else report,
        labels=labels or {},
    )


def make_placement(canvas: int = 112, **changes: int) -> Placement:
    """Return a placement that fills the canvas."""
    whole = Placement(canvas, canvas, canvas, 0, 0, canvas, canvas)
    return replace(whole, **changes)


def make_view(
    seed: int = 0, canvas: int = 112, grid: int = 7, side: Side = Side.NONE, **changes: int
) -> View:
    """Return a noisy parent with a smooth map that peaks at one cell."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(20, 236, (canvas, canvas), dtype=np.uint8)
    row, column = rng.integers(2, grid - 2, 2)
    y, x = np.mgrid[:grid, :grid]
    scores = -np.hypot(y - row, x - column) + rng.normal(0, 0.01, (grid, grid))
    rounded = scores.astype(np.float16).astype(np.float32)
    return View(pixels, make_placement(canvas, **changes), rounded, MapTarget(side=side))


@cache
def make_pair(number: int = 0) -> Pair:
    """Return a planned pair of two effusions on the right."""
    other = make_report("A large right pleural effusion is present.")
    studies = [make_study(2 * number), make_study(2 * number + 1, other)]
    plan = make_plan(studies, PlanSettings(), SameFinding())
    return next(p for p in plan.pairs if p.recipient.study_id == studies[0].study_id)
