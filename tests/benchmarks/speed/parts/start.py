"""Seconds from the command to the first complete shard, of one pair, and where they go."""

from __future__ import annotations

import json
import os
import sys

from tests.benchmarks import start_costs
from tests.benchmarks.speed.encoders import BUNDLED, FP32, FREE
from tests.benchmarks.speed.page import stamp, table
from tests.benchmarks.speed.runs import CHILD, Figures, Setup, in_turns, spread

ENCODERS = (FREE, BUNDLED, FP32)
HEAD = ["command", "encoder", "first pair, s", "end, s", "pairs"]


def measure(setup: Setup) -> dict[str, str]:
    """Return the block "start"."""
    subjects = {}
    for encoder in ENCODERS:
        plan = setup.plan(".jpg", encoder, shard_size=1)
        subjects[encoder] = lambda plan=plan, encoder=encoder: _first(setup, plan, encoder)
    found = in_turns(subjects, setup.rounds)
    rows = [_row(encoder, found[encoder]) for encoder in ENCODERS]
    return {"start": f"{stamp(setup, 'start')}\n\n{table(HEAD, rows)}"}


def _first(setup: Setup, plan: object, encoder: str) -> Figures:
    run = setup.copy(plan)
    command = start_costs.medcutmix("render", run, "-q")
    if encoder != BUNDLED:  # the others are no plugins
        command = [sys.executable, "-m", CHILD, "render", str(run), json.dumps({})]
    cost = start_costs.measure("render", run, command, dict(os.environ))
    return {"first": cost.first, "end": cost.end, "pairs": len(list((run / "state").glob("*.json")))}


def _row(encoder: str, found: list[Figures]) -> list[str]:
    command = "`medcutmix render RUN`" if encoder == BUNDLED else "`render(RUN)`"
    first, end = ([one[name] for one in found] for name in ("first", "end"))
    return [command, encoder, spread(first, 2), spread(end, 2), str(found[0]["pairs"])]
