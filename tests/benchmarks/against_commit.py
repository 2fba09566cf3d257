"""Whether this state renders as many pairs a second as an earlier one: in turns on one data set, each its own plan.

    python -m tests.benchmarks.against_commit COMMIT [--studies 600] [--rounds 3] [--work DIR] [--write]

Whole `medcutmix render` commands with default options are timed, start-up included, and the CPU time of all their
processes. Both states use the libraries that are installed. A pair is a written one. The table goes to RESULTS.md.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.speed import page
from tests.benchmarks.speed.runs import Figures, Setup, in_turns, per_written, ratios, spread

ROOT = Path(__file__).resolve().parents[2]
HEAD = ("state", "pairs", "ms a written pair", "CPU ms a written pair", "pairs/s against before", "CPU ratio")


def check_out(commit: str, folder: Path) -> Path:
    """Lay the files of a commit into a folder."""
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def medcutmix(tree: Path, *words: object) -> Figures:
    """Run the command line of a state of this package; return wall and CPU seconds."""
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "medcutmix_cli", *map(str, words), "--quiet"], cwd=tree)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"medcutmix {words[0]} of {tree} ended with {process.returncode}")
    return {"seconds": time.perf_counter() - begun, "cpu": used.ru_utime + used.ru_stime}


def render(tree: Path, plan: Path) -> Figures:
    """Render a copy of a plan, and count what was written."""
    run = plan.with_name("run")
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(plan, run)
    figures = medcutmix(tree, "render", run)
    states = [json.loads(file.read_text(encoding="utf-8")) for file in (run / "state").glob("*.json")]
    return {**figures, "written": sum(state["written"] - state.get("unmixed", 0) for state in states)}


def compare(trees: dict[str, Path], data_set: Path, rounds: int) -> dict[str, list[Figures]]:
    """Plan once with each state, then let them render in turns."""
    subjects = {}
    for name, tree in trees.items():
        plan = tree.parent / f"plan-{name}" / "plan"
        medcutmix(tree, "plan", data_set, plan, "--encoder", "bundled", "--unmixed", "drop")
        medcutmix(tree, "calibrate", plan)
        subjects[name] = partial(render, tree, plan)
    return in_turns(subjects, rounds)


def rows(found: dict[str, list[Figures]]) -> list[list[str]]:
    """Lay out the states, the first of which is the earlier one."""
    before = next(iter(found.values()))
    laid = []
    for name, figures in found.items():
        wall, cpu = per_written(figures), per_written(figures, "cpu")
        speed = ratios(per_written(before), wall)
        less = ratios(cpu, per_written(before, "cpu"))
        times = [spread(wall, 1), spread(cpu, 1), spread(speed, 2, "x"), spread(less, 2, "x")]
        laid.append([name, str(figures[0]["written"]), *times])
    return laid


def main(words: Sequence[str] | None = None) -> None:
    """Compare, print, and keep the table if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit")
    parser.add_argument("--studies", type=int, default=600)
    parser.add_argument("--height", type=int, default=Setup.height, help="rows of each picture")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="keep painted pictures here")
    parser.add_argument("--write", action="store_true", help=f"write the table into {page.PAGE.name}")
    chosen = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="against-") as temporary:
        folder = Path(temporary)
        setup = Setup((chosen.work or folder).resolve(), folder, chosen.rounds, height=chosen.height)
        here = shutil.copytree(ROOT / "medcutmix_cli", folder / "now" / "medcutmix_cli")
        trees = {chosen.commit: check_out(chosen.commit, folder / "before"), "now": Path(here).parent}
        data_set = setup.data_set(".jpg", chosen.studies) / "manifest.jsonl"
        found = compare(trees, data_set, chosen.rounds)
    asked = f"{chosen.commit} --studies {chosen.studies} --rounds {chosen.rounds}"
    said = f"`python -m tests.benchmarks.against_commit {asked}`, {page.surroundings(setup)}"
    block = f"{said}\n\n{page.table(HEAD, rows(found))}"
    print(block)
    if chosen.write:
        page.write_blocks(page.PAGE, {"before": block})


if __name__ == "__main__":
    main()
