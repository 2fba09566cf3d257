"""A judge that had no part in a mix: does a network of other originals see what a mixed report says came, and left?

Masks and guards are measured by shares of a map; this asks a classifier that knows neither map nor mask, trained on the
originals of chunks that give no mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import numpy as np

from examples.benchmark.arms import mixed_rows
from examples.benchmark.cases import Cases, Floats, joined
from examples.benchmark.chunks import prepare
from examples.benchmark.config import Arm, Benchmark, StudySet
from examples.benchmark.model import Classifier
from examples.benchmark.outcomes import Bools, auc, probabilities
from examples.benchmark.training import Material, fit_classifier
from medcutmix_cli.findings import CHEXPERT

Say = Callable[[str], None]

LONGER = 6
"""Times the steps of an arm's training: the judge has as many times its studies."""

PAIRS = 4
"""A study, of the plans that are judged."""

TEACHERS, JUDGED = ("tune-0", "tune-1", "tune-2"), ("tune-3", "tune-4")
"""Chunks that no other figure is of."""

HEAD = (
    *("arm", "observation", "mixes", "AUC", "came", "seen", "left", "still seen", "stayed", "seen"),
    *("without", "seen"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows of one role, and the share of them of which the judge says that they have an observation."""

    rows: int
    share: float

    @classmethod
    def of(cls, said: Bools, chosen: Bools) -> Seen:
        """Count some rows; the share of none is NaN."""
        return cls(int(chosen.sum()), float(said[chosen].mean()) if chosen.any() else float("nan"))

    def cells(self) -> tuple[str, str]:
        """Lay it out as two cells of a table."""
        return str(self.rows), "" if np.isnan(self.share) else f"{self.share:.2f}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge sees of one observation in some pairs.

    Attributes:
        auc: Of the pairs that have it by their labels against those that have not.
        came: The mix has it, its recipient had not.
        left: The recipient had it, the mix has not, nor may have: what came may be it where its donor's report doubts.
        stayed: Both have it; of originals all that have it.
        without: Neither has it, nor may have: what the judge sees there it sees by mistake.
    """

    observation: str
    pairs: int
    auc: float
    came: Seen
    left: Seen
    stayed: Seen
    without: Seen

    def line(self, arm: str) -> tuple[str, ...]:
        """Lay it out as a line of the table."""
        value = "" if np.isnan(self.auc) else f"{self.auc:.3f}"
        told = (cell for seen in (self.came, self.left, self.stayed, self.without) for cell in seen.cells())
        return (arm, self.observation, str(self.pairs), value, *told)


def teach(whole: Benchmark, studies: StudySet, chunks: tuple[str, ...], work: Path) -> Classifier:
    """Train a judge on all originals of some chunks, those for testing as well."""
    taught = [prepare(whole, studies, name, work) for name in chunks]
    cases = _all_of(part for chunk in taught for part in (chunk.train, chunk.test))
    training = replace(whole.training, steps=LONGER * whole.training.steps)
    return fit_classifier(Material(cases, None, 0.0), training, f"{whole.seed} {studies.name} judge")


def verdicts(
    probability: Floats, cases: Cases, originals: Cases, least: dict[str, float]
) -> Iterator[Verdict]:
    """Yield a verdict for each observation.

    Args:
        probability: (n, 14) of the judge, for the pictures of `cases`.
        cases: Mixes of `originals`, or these themselves.
        originals: The studies that gave them.
        least: Observation -> probability from which the judge has seen it.
    """
    places = {str(name): number for number, name in enumerate(originals.ids)}
    own = originals.labels[[places[str(name)] for name in cases.ids]]
    for name, threshold in least.items():
        column = CHEXPERT.index(name)
        said, now, before = probability[:, column] > threshold, cases.labels[:, column], own[:, column] == 1
        having = now == 1
        lacking = ~having & (now != -1)
        yield Verdict(
            name,
            len(cases),
            auc(probability[:, column], having),
            Seen.of(said, having & ~before),
            Seen.of(said, lacking & before),
            Seen.of(said, having & before),
            Seen.of(said, lacking & ~before),
        )


def thresholds(probability: Floats, cases: Cases, names: tuple[str, ...]) -> dict[str, float]:
    """Return the probability of each observation at which most are told apart: sensitivity and specificity added up."""
    found = {}
    for name in names:
        column = CHEXPERT.index(name)
        having = cases.labels[:, column] == 1
        if not having.any() or having.all():
            continue
        values = probability[:, column]
        tried = np.quantile(values, np.linspace(0.02, 0.98, 97))
        scores = [(values[having] > at).mean() + (values[~having] <= at).mean() for at in tried]
        found[name] = float(tried[int(np.argmax(scores))])
    return found


def judge_mixes(
    whole: Benchmark,
    studies: StudySet,
    teachers: tuple[str, ...],
    judged: tuple[str, ...],
    out: Path,
    say: Say,
) -> list[tuple[str, ...]]:
    """Judge the rows of every arm of some chunks; return lines of `HEAD`, those of the originals first.

    Args:
        whole: Its arms are judged; those without rows of their own are passed over.
        studies: The set.
        teachers: Chunks whose originals the judge is trained on.
        judged: Chunks that are mixed.
        out: Folder of chunks and runs.
        say: Told of each arm.
    """
    judge = teach(whole, studies, teachers, out / "work")
    chunks = {name: prepare(whole, studies, name, out / "work") for name in judged}
    originals = _all_of(chunk.train for chunk in chunks.values())
    probability = probabilities(judge, originals.pictures)
    least = thresholds(probability, originals, tuple(next(iter(chunks.values())).prompts))
    lines = [v.line("originals") for v in verdicts(probability, originals, originals, least)]
    for arm in (mixes_alone(each) for each in whole.arms if each.rows == "mixed"):
        runs = out / "work" / "runs"
        mixed = (
            mixed_rows(whole, studies, arm, chunk, runs / f"judged-{name}-{arm.name}")[0]
            for name, chunk in chunks.items()
        )
        cases = _all_of(mixed)
        say(f"{arm.name}: {len(cases)} mixes")
        seen = probabilities(judge, cases.pictures)
        lines += [v.line(arm.name) for v in verdicts(seen, cases, originals, least)]
    return lines


def mixes_alone(arm: Arm) -> Arm:
    """Return an arm with as many mixes as there are, and no row in which nothing is mixed."""
    return replace(arm, options={**arm.options, "unmixed": "drop", "pairs_per_study": PAIRS})


def _all_of(parts: Iterable[Cases]) -> Cases:
    return reduce(joined, parts)
