"""Run rows: one set and one chunk, all arms. What is done already, with the same settings, is passed over."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from examples.benchmark.arms import Extra, extra_rows
from examples.benchmark.cases import Cases, Chunk
from examples.benchmark.chunks import prepare
from examples.benchmark.config import Arm, Benchmark, StudySet
from examples.benchmark.model import Classifier
from examples.benchmark.outcomes import Scores, findings_auc, judged, probabilities
from examples.benchmark.results import Result, append, read_results
from examples.benchmark.training import fit_classifier, fit_contrastive
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RowName:
    """SET:CHUNK, for example "device:0"; a chunk "tune-0" is for choosing settings, and never reported."""

    studies: str
    chunk: str

    @classmethod
    def parsed(cls, text: str) -> RowName:
        """Read a name.

        Raises:
            UsageError: It is none.
        """
        studies, colon, chunk = text.partition(":")
        if not (studies and colon and (chunk.isdigit() or chunk.startswith("tune-"))):
            raise UsageError(f"{text!r} is no row", hint="SET:CHUNK, for example device:0 or device:tune-0")
        return cls(studies, chunk)


def all_rows(whole: Benchmark) -> Iterator[RowName]:
    """Yield every row, first chunk 0 of every set: a run that is stopped has something of each."""
    for chunk in range(whole.chunks):
        for studies in whole.sets:
            yield RowName(studies.name, str(chunk))


def run_row(whole: Benchmark, row: RowName, out: Path, say: Say) -> int:
    """Run the arms of a row that are not done; return how many were."""
    studies = whole.set_named(row.studies)
    done = {(r.studies, r.chunk, r.arm, r.digest) for r in read_results(out)}
    todo = [
        arm
        for arm in whole.arms
        if (row.studies, row.chunk, arm.name, whole.digest(studies, arm)) not in done
    ]
    if not todo:
        return 0
    begun = time.perf_counter()
    chunk = prepare(whole, studies, row.chunk, out / "work")
    data = time.perf_counter() - begun
    say(
        f"{row.studies}:{row.chunk}: {len(chunk.train)} studies to train on, {len(chunk.test)} to test, {data:.0f} s"
    )
    for arm in todo:
        result = run_arm(whole, studies, arm, row.chunk, chunk, out / "work" / "runs", data)
        append(out, result)
        say(
            f"  {arm.name}: {result.rows} rows, {_primary(result.outcomes)}, {sum(result.seconds.values()):.0f} s"
        )
        data = 0.0
    return len(todo)


def run_arm(
    whole: Benchmark, studies: StudySet, arm: Arm, number: str, chunk: Chunk, runs: Path, data: float
) -> Result:
    """Make the rows of an arm, train, test."""
    clock = [time.perf_counter()]
    extra = extra_rows(whole, studies, arm, chunk, runs / f"{studies.name}-{number}-{arm.name}")
    clock.append(time.perf_counter())
    name = f"{whole.seed} {studies.name} {number}"
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(fit_classifier, extra.material, whole.training, name)
        contrastive = fit_contrastive(extra.material, whole.training, name) if studies.contrastive else None
        classifier = waiting.result()
    clock.append(time.perf_counter())
    outcomes = judged(classifier, contrastive, chunk.test, chunk.probes, chunk.prompts, studies)
    others = {kind: _on_other(classifier, cases, studies) for kind, cases in chunk.others.items()}
    clock.append(time.perf_counter())
    parts = [data, *(later - earlier for earlier, later in itertools.pairwise(clock))]
    seconds = dict(zip(("data", "rows", "training", "testing"), parts, strict=True))
    return _result(whole, studies, arm, number, extra, seconds, outcomes, others)


def _on_other(classifier: Classifier, cases: Cases, studies: StudySet) -> Scores:
    found = probabilities(classifier, cases.pictures)
    return findings_auc({name: found[:, k] for k, name in enumerate(CHEXPERT)}, cases, studies, "supervised")


def _result(
    whole: Benchmark,
    studies: StudySet,
    arm: Arm,
    number: str,
    extra: Extra,
    seconds: dict[str, float],
    outcomes: Scores,
    others: dict[str, Scores],
) -> Result:
    return Result(
        studies=studies.name,
        chunk=number,
        arm=arm.name,
        digest=whole.digest(studies, arm),
        rows=extra.distinct,
        recipients=extra.recipients,
        donors=extra.donors,
        seconds={part: round(spent, 2) for part, spent in seconds.items()},
        outcomes={name: round(value, 5) for name, value in outcomes.items()},
        others={
            kind: {name: round(value, 5) for name, value in each.items()} for kind, each in others.items()
        },
    )


def _primary(outcomes: Scores) -> str:
    ways = ("supervised", "zero-shot")
    found = [_first(outcomes, [f"{way}.{kind}" for kind in ("disagree", "target", "mean")]) for way in ways]
    return ", ".join(each for each in found if each) or "too few test studies for an AUC"


def _first(outcomes: Scores, names: list[str]) -> str:
    return next((f"{name} {outcomes[name]:.3f}" for name in names if name in outcomes), "")
