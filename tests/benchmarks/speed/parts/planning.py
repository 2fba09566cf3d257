"""Seconds to plan 1,000 reports, by `tests.benchmarks.plan_at_scale` on trees of the layout of MIMIC-CXR.

A tree and one of a quarter of its reports are planned in turns: their difference has no start-up in it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from statistics import median

from tests.benchmarks.mimic_at_scale import write_tree
from tests.benchmarks.plan_at_scale import STAGES, watch
from tests.benchmarks.speed.cpu import cores
from tests.benchmarks.speed.page import stamp, table
from tests.benchmarks.speed.runs import Figures, Setup, in_turns, spread

HEAD = ["stage", "s per 1,000 reports"]
ARCHIVE = "mimic-cxr/mimic-cxr-reports.zip"
WHOLE = "whole command"


def measure(setup: Setup) -> dict[str, str]:
    """Return the block "plan"."""
    few, many = setup.reports // 4, setup.reports
    found = in_turns(
        {str(few): lambda: planned(setup, few), str(many): lambda: planned(setup, many)}, setup.rounds
    )
    rows = []
    for stage in (*STAGES, WHOLE):
        more = [a[stage] - b[stage] for a, b in zip(found[str(many)], found[str(few)], strict=True)]
        rows.append([stage, spread([1000 * seconds / (many - few) for seconds in more], 2)])
    start = median(one[WHOLE] for one in found[str(few)])
    said = f"{many:,} reports against {few:,}, {cores()} workers; {few:,} alone, start-up included, take {start:.1f} s."
    return {"plan": f"{stamp(setup, 'plan')}\n{said}\n\n{table(HEAD, rows)}"}


def planned(setup: Setup, reports: int) -> Figures:
    """Plan a tree by the command line and return the seconds of each stage."""
    tree, run = _tree(setup, reports), setup.scratch / "planned"
    shutil.rmtree(run, ignore_errors=True)
    options = ["--reports", str(tree / ARCHIVE), "--encoder", "bundled", "--workers", str(cores())]
    seen = watch([sys.executable, "-m", "medcutmix_cli", "plan", str(tree), str(run), *options])
    seconds, begun = {WHOLE: seen.seconds}, 0.0
    for stage in STAGES:
        ended = seen.ended.get(stage, begun)
        seconds[stage], begun = ended - begun, ended
    return seconds


def _tree(setup: Setup, reports: int) -> Path:
    tree = setup.work / f"tree-{reports}"
    if not (tree / "whole").is_file():
        shutil.rmtree(tree, ignore_errors=True)
        write_tree(tree, reports)
        (tree / "whole").touch()
    return tree
