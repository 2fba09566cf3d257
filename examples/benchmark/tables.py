"""Results to tables: means of arms, and their paired differences to the controls. Knows no page and no figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from examples.benchmark.config import PRECISIONS, Benchmark, StudySet
from examples.benchmark.intervals import Difference, holm, paired
from examples.benchmark.results import Result

CONTROLS = ("none", "identity", "oversampling")


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm against a control, over the chunks that both were run on.

    Attributes:
        holm: The p of the difference, corrected for all comparisons of its table.
    """

    arm: str
    control: str
    difference: Difference
    holm: float


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One arm: its mean and what it was made of.

    Attributes:
        mean, deviation: Of the outcome over chunks.
        rows, recipients, donors: Mean over chunks.
    """

    arm: str
    chunks: int
    mean: float
    deviation: float
    rows: float
    recipients: float
    donors: float


def reported(results: Sequence[Result], whole: Benchmark) -> list[Result]:
    """Keep what counts: chunks that are reported, under the settings of this configuration.

    A chunk may have been trained in another precision than the configured one, where a CPU lacks the instructions. All
    arms of a chunk that are kept are in one, so that their difference is not that of precisions; the configured one
    where there are both.
    """
    kept = _under(results, whole)
    for precision in PRECISIONS:
        there = {(result.studies, result.chunk) for result in kept}
        others = _under(results, whole.computed_in(precision))
        kept += [result for result in others if (result.studies, result.chunk) not in there]
    return sorted(kept, key=lambda result: (result.studies, result.chunk, result.arm))


def _under(results: Sequence[Result], whole: Benchmark) -> list[Result]:
    digests = {(s.name, a.name): whole.digest(s, a) for s in whole.sets for a in whole.arms}
    return [
        result
        for result in results
        if result.chunk.isdigit() and digests.get((result.studies, result.arm)) == result.digest
    ]


def in_another_precision(kept: Sequence[Result], whole: Benchmark) -> list[str]:
    """Return the chunks, as SET:CHUNK, whose results are in another precision than the configured one."""
    configured = _under(kept, whole)
    return sorted({f"{r.studies}:{r.chunk}" for r in kept if r not in configured})


def primary(studies: StudySet) -> tuple[str, ...]:
    """Return the names of a set's primary outcomes."""
    kind = "disagree" if studies.attribute else "target" if studies.finding else "mean"
    return (f"supervised.{kind}", f"zero-shot.{kind}")


def by_chunk(results: Sequence[Result], studies: str, arm: str, outcome: str) -> dict[str, float]:
    """Return the outcome of an arm on each chunk that has it."""
    mine = (result for result in results if (result.studies, result.arm) == (studies, arm))
    return {result.chunk: result.outcomes[outcome] for result in mine if outcome in result.outcomes}


def arm_rows(results: Sequence[Result], studies: str, arms: Iterable[str], outcome: str) -> list[ArmRow]:
    """Return a line for each arm that has the outcome."""
    rows = []
    for arm in arms:
        values = list(by_chunk(results, studies, arm, outcome).values())
        mine = [result for result in results if (result.studies, result.arm) == (studies, arm)]
        if values:
            spread = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
            made = [
                float(np.mean([getattr(r, name) for r in mine])) for name in ("rows", "recipients", "donors")
            ]
            rows.append(ArmRow(arm, len(values), float(np.mean(values)), spread, *made))
    return rows


def comparisons(
    results: Sequence[Result], studies: str, arms: Iterable[str], outcome: str
) -> list[Comparison]:
    """Compare every arm with the controls on the chunks that both have, corrected for all of these comparisons.

    A control is compared with those before it in `CONTROLS`.
    """
    found: dict[str, tuple[str, str, Difference]] = {}
    for arm in arms:
        for control in CONTROLS[: CONTROLS.index(arm)] if arm in CONTROLS else CONTROLS:
            own, other = (by_chunk(results, studies, name, outcome) for name in (arm, control))
            if both := sorted(set(own) & set(other)):
                each = paired([own[k] for k in both], [other[k] for k in both])
                found[f"{arm} {control}"] = (arm, control, each)
    corrected = holm({name: difference.p for name, (_, _, difference) in found.items()})
    return [Comparison(arm, control, each, corrected[name]) for name, (arm, control, each) in found.items()]


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
