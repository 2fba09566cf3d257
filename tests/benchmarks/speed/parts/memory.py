"""Memory of a short and of a ten times as long run, with one worker and with two."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks import start_costs
from tests.benchmarks.speed.encoders import BUNDLED
from tests.benchmarks.speed.page import stamp, table
from tests.benchmarks.speed.runs import (
    CHILD,
    Figures,
    Setup,
    in_turns,
    last_line,
    per_written,
    ratios,
    spread,
)

WORKERS = (1, 2)
HEAD = [
    "written pairs",
    "workers",
    "ms a written pair",
    "against 1 worker",
    "peak, MB",
    "peak above the encoder, MB",
]
HEAD += ["of decoders, MB"]
STUDIES_A_PAIR = 2.2
"""A third of the studies is normal, and rules refuse a part of the pairs."""


def measure(setup: Setup) -> dict[str, str]:
    """Return the block "memory"."""
    rows = []
    for pairs in setup.memory_pairs:
        plan = setup.plan(".jpg", BUNDLED, max(setup.studies, round(STUDIES_A_PAIR * pairs)))
        subjects = {str(workers): _subject(setup, plan, workers) for workers in WORKERS}
        found = in_turns(subjects, setup.rounds)
        rows += [_row(workers, found[str(workers)], found["1"]) for workers in WORKERS]
    return {"memory": f"{stamp(setup, 'memory')}\n\n{table(HEAD, rows)}"}


def _subject(setup: Setup, plan: Path, workers: int) -> Any:
    return lambda: watched(setup, plan, workers)


def watched(setup: Setup, plan: Path, workers: int) -> Figures:
    """Render a copy of a plan and look at the memory of all its processes until it ends."""
    run, printed = setup.copy(plan), setup.scratch / "printed"
    words = ["render", str(run), json.dumps({"workers": workers})]
    command = [sys.executable, "-m", CHILD, *words]
    with printed.open("w") as output:
        cost = start_costs.measure("render", run, command, dict(os.environ), output=output)
    found = last_line(printed.read_text())
    return {**found, "peak_mb": max(found["peak_mb"], cost.renderer_mb), "beside_mb": cost.beside_mb}


def _row(workers: int, own: list[Figures], alone: list[Figures]) -> list[str]:
    whole = [one["peak_mb"] + one["beside_mb"] for one in own]
    above = [peak - one["opened_mb"] for peak, one in zip(whole, own, strict=True)]
    return [
        f"{own[0]['written']:,}",
        str(workers),
        spread(per_written(own), 1),
        spread(ratios(per_written(alone), per_written(own)), 2, "x"),
        spread(whole),
        spread(above),
        spread([one["beside_mb"] for one in own]),
    ]
