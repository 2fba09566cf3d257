"""Plans to measure with, and measured runs of them in turns: A B A B."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from medcutmix_cli.system.cpus import computes_in
from tests.benchmarks.speed.child import run_call
from tests.benchmarks.speed.cpu import cores
from tests.benchmarks.speed.encoders import BF16, NAMES, options, vit_folder
from tests.benchmarks.speed.inputs import HEIGHT, NORMAL_EVERY, PictureSet, make_data_set

CHILD = "tests.benchmarks.speed.child"
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload([CHILD, "tests.benchmarks.notebook_loop", "medcutmix_cli.encoders.clip"])
Figures = dict[str, Any]


@dataclass(frozen=True)
class Setup:
    """How much is measured, and where.

    Attributes:
        work: Folder for painted pictures and the like, which stay.
        scratch: Folder for what goes again, on the same disk.
        rounds: How often each subject has its turn.
        height: Rows of each picture.
        unique: Pictures that are painted for each format.
        studies: Of the data set that most parts use.
        loop_pairs: Pairs that the notebook loop mixes a round; with a ViT a third of them.
        memory_pairs: Pairs of the two runs whose memory is compared.
        reports: Of the plan that is timed.
        names: Encoders to measure with.
        small: Tiny networks: shows that all runs, and no figure.
    """

    work: Path
    scratch: Path
    rounds: int = 3
    height: int = HEIGHT
    unique: int = 24
    studies: int = 90
    loop_pairs: int = 24
    memory_pairs: tuple[int, int] = (500, 5000)
    reports: int = 3000
    names: tuple[str, ...] = NAMES
    small: bool = False

    @property
    def encoders(self) -> tuple[str, ...]:
        """Those of the names that this machine can run in a time that says something."""
        return tuple(name for name in self.names if name != BF16 or self.small or computes_in("bf16"))

    @property
    def painted(self) -> Path:
        """Folder of the painted pictures."""
        return self.work / "painted"

    @cached_property
    def weights(self) -> Path:
        """Folder of the ViT."""
        return vit_folder(self.work / ("vit-small" if self.small else "vit-b16"), small=self.small)

    def pictures(self, suffix: str) -> PictureSet:
        """Say what is painted for one format."""
        return PictureSet(suffix, self.unique, self.height, NORMAL_EVERY)

    def data_set(self, suffix: str, studies: int = 0) -> Path:
        """Make a data set of one format; one that is there stays."""
        studies = studies or self.studies
        home = self.work / f"studies-{self.height}-{self.unique}-{studies}{suffix}"
        return make_data_set(home, studies, self.pictures(suffix), self.painted)

    def plan(self, suffix: str, encoder: str, studies: int = 0, **more: Any) -> Path:
        """Plan a data set for one of `encoders.NAMES` and calibrate the gate, once for all that ask for the same."""
        told = options(encoder, self.weights if "ViT" in encoder else Path()) | more
        named = json.dumps([suffix, encoder, studies, more], sort_keys=True)
        run = self.scratch / "plans" / hashlib.sha256(named.encode()).hexdigest()[:12]
        if not run.is_dir():
            child("plan", self.data_set(suffix, studies) / "manifest.jsonl", run, json.dumps(told))
        return run

    def copy(self, plan: Path) -> Path:
        """Copy a plan, to be rendered."""
        run = self.scratch / "run"
        shutil.rmtree(run, ignore_errors=True)
        return Path(shutil.copytree(plan, run))

    def render(self, plan: Path, *, stages: bool = False, here: bool = False, **more: Any) -> Figures:
        """Render a copy of a plan in a process of its own."""
        how = [*(["stages"] if stages else []), *(["here"] if here else [])]
        return child("render", self.copy(plan), json.dumps(more), *how)

    def floor(self) -> Figures:
        """Do for the run that was rendered last what nobody can do without."""
        return child("floor", self.scratch / "run", cores())

    def loop(self, plan: Path, pairs: int) -> Figures:
        """Run the notebook loop over the first pairs of a plan."""
        return child("loop", plan, self.scratch / "notebook.parquet", pairs)


def child(*words: object) -> Figures:
    """Run one call of `child` in a process of its own, which has all modules imported and nothing else done."""
    with ProcessPoolExecutor(1, mp_context=_CONTEXT) as pool:
        return pool.submit(run_call, list(map(str, words))).result()


def last_line(printed: str) -> Figures:
    """Read the JSON line that was printed last."""
    return dict(json.loads(printed.strip().splitlines()[-1]))


def in_turns(subjects: Mapping[str, Callable[[], Figures]], rounds: int) -> dict[str, list[Figures]]:
    """Let every subject have its turn, `rounds` times."""
    found: dict[str, list[Figures]] = {name: [] for name in subjects}
    for number in range(rounds):
        for name, run in subjects.items():
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
            found[name].append(run())
    return found


def per_written(figures: Sequence[Figures], what: str = "seconds") -> list[float]:
    """Return milliseconds for each written pair, round by round."""
    return [1000 * one[what] / one["written"] for one in figures]


def ratios(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    """Return how many times as long one took as the other, round by round."""
    return [one / other for one, other in zip(slow, fast, strict=True)]


def spread(values: Sequence[float], digits: int = 0, unit: str = "") -> str:
    """Write a median, and the least and the most."""
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"{middle}{unit} ({low} to {high})"
