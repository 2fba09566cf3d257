"""Plan a tree of the size of MIMIC-CXR by the command line and say time and memory; writes the table to PLAN.md.

The tree is made by `mimic_at_scale` where it is not there yet. Memory is asked for every second: the resident size of
each process, what all of them have mapped with shared pages counted once (PSS), and how much less the machine has
available than before the command, which also counts what nobody has mapped.

    python -m tests.benchmarks.plan_at_scale [TREE] [--studies 227835] [--workers 2] [--run FOLDER]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.benchmarks.mimic_at_scale import STUDIES, write_tree

HERE = Path(__file__).resolve().parent
STAGES = ("listing", "reading", "pairing", "writing")
MB = 1e6


@dataclass
class Watched:
    """What was seen of a command while it ran."""

    seconds: float = 0.0
    cpu: float = 0.0
    main: float = 0.0
    workers: float = 0.0
    together: float = 0.0
    machine: float = 0.0
    ended: dict[str, float] = field(default_factory=dict)


def watch(command: list[str]) -> Watched:
    """Run a command to its end; note when each stage ended, and the peaks of its processes."""
    before = psutil.virtual_memory().available
    seen, started = Watched(), time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    lines = threading.Thread(target=_note_stages, args=(process, seen, started))
    lines.start()
    whole = psutil.Process(process.pid)
    while process.poll() is None:
        _note_memory(whole, seen)
        seen.machine = max(seen.machine, (before - psutil.virtual_memory().available) / MB)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
    seen.seconds = time.perf_counter() - started
    lines.join()
    if process.stderr:
        process.stderr.close()
    times = os.times()
    seen.cpu = times.children_user + times.children_system
    if process.returncode:
        raise SystemExit(f"the command ended with {process.returncode}")
    return seen


def _note_stages(process: subprocess.Popen[str], seen: Watched, started: float) -> None:
    """Note the time of the last line of each stage; there is one when it ends."""
    for line in process.stderr or ():
        print(line, end="", file=sys.stderr)
        stage = line.split(":")[0]
        if stage in STAGES:
            seen.ended[stage] = time.perf_counter() - started


def _note_memory(process: psutil.Process, seen: Watched) -> None:
    try:
        children = process.children(recursive=True)
        main = process.memory_info().rss / MB
        workers = [child.memory_info().rss / MB for child in children]
        # What several processes share counts once: the studies, while pairs are chosen.
        together = sum(each.memory_full_info().pss for each in (process, *children)) / MB
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return
    seen.main = max(seen.main, main)
    seen.workers = max(seen.workers, *workers, 0.0)
    seen.together = max(seen.together, together)


def table(seen: Watched, run: Path, tree: dict[str, float]) -> list[tuple[str, str]]:
    """Lay the measurement out."""
    counts = json.loads((run / "run.json").read_text(encoding="utf-8"))["counts"]
    plan, texts = run / "plan.parquet", counts["texts"]
    begun = 0.0
    stages = []
    for stage in STAGES:
        stages.append((stage, f"{seen.ended.get(stage, begun) - begun:.0f} s"))
        begun = seen.ended.get(stage, begun)
    facts = [
        (name, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}") for name, value in tree.items()
    ]
    return [
        *facts,
        ("sentences read / mentions", f"{texts['sentences']:,} / {texts['mentions']:,}"),
        ("pairs", f"{sum(counts['pairs_by_finding'].values()):,}"),
        ("studies dropped by name", f"{counts['studies']['dropped']:,}"),
        ("candidate pairs refused", f"{sum(counts['refused'].values()):,}"),
        ("plan.parquet", f"{plan.stat().st_size / MB:.0f} MB"),
        *stages,
        ("whole command, start-up included", f"{seen.seconds:.0f} s"),
        ("CPU time of all processes", f"{seen.cpu:.0f} s"),
        ("peak memory, main process", f"{seen.main:,.0f} MB"),
        ("peak memory, largest worker process", f"{seen.workers:,.0f} MB"),
        ("peak memory, all processes together, shared memory once", f"{seen.together:,.0f} MB"),
        ("peak memory, by what the machine has left", f"{seen.machine:,.0f} MB"),
    ]


def write(rows: list[tuple[str, str]], chosen: argparse.Namespace) -> None:
    """Keep the table."""
    lines = [
        "# Planning at the size of MIMIC-CXR",
        "",
        "`medcutmix plan TREE RUN --reports TREE/mimic-cxr/mimic-cxr-reports.zip --encoder bundled "
        f"--workers {chosen.workers}` on the tree of `tests/benchmarks/mimic_at_scale.py` (tables and reports, no "
        "pictures), timed by",
        "",
        f"    python -m tests.benchmarks.plan_at_scale --studies {chosen.studies} --workers {chosen.workers}",
        "",
        f"on {len(os.sched_getaffinity(0))} CPUs, {time.strftime('%Y-%m-%d')}, load {os.getloadavg()[2]:.1f} "
        "(15 minutes).",
        "",
        "| what | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows),
    ]
    (HERE / "PLAN.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def main() -> None:
    """Plan, print, and keep the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tree", type=Path, nargs="?", default=None)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--run", type=Path, default=None, help="kept; else the run is made and removed")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        tree, run = chosen.tree or Path(temporary) / "tree", chosen.run or Path(temporary) / "run"
        facts_file = tree / "facts.json"
        if not facts_file.is_file():
            facts_file.write_text(json.dumps(write_tree(tree, chosen.studies)), encoding="utf-8")
        shutil.rmtree(run, ignore_errors=True)
        archive = tree / "mimic-cxr" / "mimic-cxr-reports.zip"
        options = ["--reports", str(archive), "--encoder", "bundled", "--workers", str(chosen.workers)]
        seen = watch([sys.executable, "-m", "medcutmix_cli", "plan", str(tree), str(run), *options])
        write(table(seen, run, json.loads(facts_file.read_text(encoding="utf-8"))), chosen)


if __name__ == "__main__":
    main()
