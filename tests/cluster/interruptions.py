"""Interrupt runs on a Slurm and on a Ray of our own, at random times and in random ways; look at what they leave.

    python -m tests.cluster.interruptions slurm --times 500 --minutes 20 --write
    python -m tests.cluster.interruptions ray --times 200 --minutes 20 --write

A launch is an array of eight tasks, or a program with its actors; whatever is interrupted of it, all of it has ended
before its folder is looked at, as `tests.interruptions` does. Then the same run is launched again, until it is done
and has the bytes of one that nobody disturbed. The tables go to tests/benchmarks/INTERRUPTIONS.md.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.status import run_status
from tests.interruptions import (
    ROOT,
    Interruption,
    bytes_of,
    of_folder,
    signals_as_in_a_terminal,
    summary,
    table,
    tell,
)
from tests.trees import write_manifest

TOY = ("--encoder", "toy", "--gate", "none", "--align", "none", "--shard-size", "4")


class Engine(Protocol):
    """Where runs are launched and interrupted.

    Attributes:
        ways: How something is interrupted, and how often of 100.
    """

    ways: dict[str, int]

    def launch(self, run: Path, rng: random.Random | None) -> list[Interruption]:
        """Launch a run, interrupt it (`rng` None: do not), and wait until all of it has ended."""


@dataclass(frozen=True)
class Planned:
    """A plan, and what comes of it.

    Attributes:
        whole: Bytes of a run that nobody disturbed, in one process.
        seconds: How long the engine takes for it.
    """

    folder: Path
    whole: dict[str, bytes]
    seconds: float = 0.0


def program(*words: object) -> None:
    """Run medcutmix with the toy encoder."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.toy_run", *map(str, words)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def planned(studies: int) -> Iterator[Planned]:
    """Make a data set of small pictures, its plan, and what comes of it."""
    with tempfile.TemporaryDirectory(prefix="interruptions-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        source = write_manifest(folder / "data", studies)
        program("plan", source, folder / "plan", *TOY)
        shutil.copytree(folder / "plan", folder / "whole")
        program("render", folder / "whole", "--workers", 2)
        yield Planned(folder, bytes_of(folder / "whole"))


def finish(made: Planned, run: Path) -> None:
    """Do what comes after an array, compare the run, and remove it."""
    program("render", run, "--workers", 1)
    found = bytes_of(run)
    different = sorted(name for name in {*found, *made.whole} if found.get(name) != made.whole.get(name))
    left = [path.name for path in run.rglob("*") if path.suffix in (".tmp", ".attempts")]
    if different or left or not verify(run).ok:
        raise SystemExit(f"another run than without interruptions: {different}, left over: {left}")
    shutil.rmtree(run)


def is_done(run: Path) -> bool:
    """Say whether every shard is complete."""
    return not run_status(RunFolder(run)).missing


def timed(engine: Engine, made: Planned) -> float:
    """Launch without a disturbance; return how long it took."""
    run = shutil.copytree(made.folder / "plan", made.folder / "undisturbed")
    began = time.monotonic()
    engine.launch(run, None)
    seconds = time.monotonic() - began
    assert is_done(run)
    finish(made, run)
    return seconds


def interrupt_many(
    engine: Engine, made: Planned, times: int, minutes: float, rng: random.Random
) -> tuple[list[Interruption], int]:
    """Interrupt so often, or so long; return the interruptions, and how many runs were completed."""
    seen: list[Interruption] = []
    completed, until = 0, time.monotonic() + 60 * minutes
    while len(seen) < times and time.monotonic() < until:
        run = made.folder / f"run {completed}"
        if not run.exists():
            shutil.copytree(made.folder / "plan", run)
        now = engine.launch(run, rng)
        if now:
            now[-1].wrong += of_folder(run, now[-1], 0)
        seen += now
        for one in now:
            print(f"{len(seen):4} {one.way:16} {one.phase:10} {one.code:4} {one.seconds:6.2f} s", *one.wrong)
        sys.stdout.flush()
        if is_done(run):
            finish(made, run)
            completed += 1
    run = made.folder / f"run {completed}"
    if run.exists():
        finish(made, run)
        completed += 1
    return seen, completed


@contextmanager
def engine_of(name: str) -> Iterator[Engine]:
    """Start what is asked for."""
    if name == "slurm":
        from tests.cluster.interrupted_slurm import slurm_engine as start
    else:
        from tests.cluster.interrupted_ray import ray_engine as start
    with start() as engine:
        yield engine


def main() -> None:
    """Interrupt as often as asked for; leave with 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engine", choices=["slurm", "ray"])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop then, if not before")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--studies", type=int, default=240)
    parser.add_argument("--write", action="store_true", help="write the table into INTERRUPTIONS.md")
    chosen = parser.parse_args()
    signals_as_in_a_terminal()
    with planned(chosen.studies) as made, engine_of(chosen.engine) as engine:
        seconds = timed(engine, made)
        print(f"a whole run takes {seconds:.1f} s", flush=True)
        rng = random.Random(chosen.seed)
        seen, completed = interrupt_many(engine, made, chosen.times, chosen.minutes, rng)
        told = table(seen, list(engine.ways))
    said = f"{summary(seen, completed, seconds)}\n\n{told}"
    tell("tests.cluster.interruptions", said, chosen.engine if chosen.write else "")
    raise SystemExit(any(one.wrong for one in seen))


if __name__ == "__main__":
    main()
