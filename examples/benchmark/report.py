"""The results page: what was run, what each arm came to, differences with intervals, figures, hours."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from math import isnan
from pathlib import Path

from examples.benchmark.config import Benchmark, StudySet
from examples.benchmark.figures import draw_differences
from examples.benchmark.intervals import Difference
from examples.benchmark.results import Result, read_results
from examples.benchmark.tables import (
    CONTROLS,
    Comparison,
    arm_rows,
    comparisons,
    in_another_precision,
    markdown_table,
    primary,
    reported,
)
from medcutmix_cli.errors import UsageError

PLAIN = (
    "retrieval.report",
    "retrieval.picture",
    "grounding.pointing",
    "grounding.chance",
    "calibration.ece",
    "calibration.brier",
)


def write_report(whole: Benchmark, out: Path, page: Path | None = None) -> Path:
    """Write the page with its figures beside it, and all raw results as one CSV.

    Args:
        whole: What counts: results under other settings are left out, and counted.
        out: Folder of the raw results.
        page: Where to write; by default RESULTS.md there.

    Raises:
        UsageError: Nothing has been run.
    """
    found = read_results(out)
    kept = reported(found, whole)
    if not kept:
        hint = "run a row first; chunks tune-* are not reported"
        raise UsageError("there are no results under these settings", where=str(out), hint=hint)
    page = page or out / "RESULTS.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    _write_csv(kept, page.with_name("results.csv"))
    sets = [studies for studies in whole.sets if any(r.studies == studies.name for r in kept)]
    parts = ["# Results of the benchmark", *_intro(out)]
    parts += [_summary(kept, sets, whole), _how(kept, len(found) - len(kept), whole)]
    parts += [_section(kept, studies, whole, page) for studies in sets]
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return page


def _intro(out: Path) -> list[str]:
    """Return what a person has written of the results, `INTRO.md` beside them, for the top of the page."""
    path = out / "INTRO.md"
    return [path.read_text(encoding="utf-8").strip()] if path.is_file() else []


def _arms(whole: Benchmark) -> list[str]:
    return [arm.name for arm in whole.arms]


def _summary(kept: Sequence[Result], sets: Iterable[StudySet], whole: Benchmark) -> str:
    """Say first what is worse, then what is better, by intervals that do not hold 0."""
    worse, better, open_ = [], [], 0
    for studies in sets:
        for outcome in primary(studies):
            for each in comparisons(kept, studies.name, _arms(whole), outcome):
                said = f"{each.arm} to {each.control} on {studies.name} ({outcome}): {told(each.difference)}"
                if each.difference.high < 0:
                    worse.append(said)
                elif each.difference.low > 0:
                    better.append(said)
                else:
                    open_ += 1
    return "\n".join(
        [
            *_listed("Worse than its control, interval below 0:", worse),
            *_listed(
                "Other outcomes that are worse than without (not corrected):", _harmed(kept, sets, whole)
            ),
            *_listed("Better than its control, interval above 0:", better),
            f"Undecided (the interval holds 0, or there is one chunk only): {open_} comparisons.",
        ]
    )


def _harmed(kept: Sequence[Result], sets: Iterable[StudySet], whole: Benchmark) -> list[str]:
    """List the outcomes beside the primary ones that an arm makes worse than none; of calibration, less is better."""
    lines = []
    for studies in sets:
        names = {name for r in kept if r.studies == studies.name for name in r.outcomes}
        for outcome in _ordered(names - set(primary(studies))):
            for each in comparisons(kept, studies.name, _arms(whole), outcome):
                ends = (each.difference.low > 0, each.difference.high < 0)
                if each.control == CONTROLS[0] and ends[0 if outcome.startswith("calibration") else 1]:
                    lines.append(f"{each.arm} on {studies.name} ({outcome}): {told(each.difference)}")
    return lines


def _listed(title: str, lines: list[str]) -> list[str]:
    return [title, "", *(f"- {line}" for line in lines or ["none"]), ""]


def _how(kept: Sequence[Result], stale: int, whole: Benchmark) -> str:
    hours = sum(sum(result.seconds.values()) for result in kept) / 3600
    chunks = len({(result.studies, result.chunk) for result in kept})
    return (
        f"{len(kept)} arms were trained on {chunks} chunks (a classifier each; a contrastive model where there are "
        f"zero-shot outcomes), in {hours:.1f} hours of one process; "
        f"{stale} results of tuning chunks or of other settings are left out. Intervals: 95 %, Student's t over "
        "chunks, of paired differences. p: corrected by Holm for all comparisons of its table. "
        f"{_precisions(kept, whole)}"
        "`python -m examples.benchmark run` repeats all of it; the numbers of each chunk are in `results.csv`."
    )


def _precisions(kept: Sequence[Result], whole: Benchmark) -> str:
    others = in_another_precision(kept, whole)
    if not others:
        return ""
    return (
        f"Trained in another precision than {whole.training.precision}, all arms of a chunk alike, by a CPU without "
        f"instructions for that: {', '.join(others)}. "
    )


def _section(kept: Sequence[Result], studies: StudySet, whole: Benchmark, page: Path) -> str:
    parts = [f"## {studies.name}", _said_of(studies)]
    for outcome in primary(studies):
        if not arm_rows(kept, studies.name, _arms(whole), outcome):
            continue
        compared = comparisons(kept, studies.name, _arms(whole), outcome)
        parts += [f"### {outcome}", _means(kept, studies, whole, outcome), _differences(compared)]
        if compared:
            name = f"figures/{studies.name}-{outcome}.png"
            draw_differences(
                compared, f"{studies.name}: {outcome}", page.with_name("figures") / Path(name).name
            )
            parts.append(f"![Differences of {outcome} on {studies.name}]({name})")
    parts += ["### Everything else: means over chunks (difference to none)", _others(kept, studies, whole)]
    return "\n\n".join(part for part in parts if part)


def _said_of(studies: StudySet) -> str:
    if studies.attribute:
        return (
            f"{studies.observation} goes with the attribute {studies.attribute} in {studies.together:.0%} of the "
            "training studies; in the test studies it does not. Primary outcome: the AUC among test studies where "
            "finding and attribute disagree."
        )
    if studies.finding:
        return f"Primary outcome: the AUC of {studies.observation}, {studies.positives} of {studies.train} studies."
    return "Primary outcome: the mean AUC over findings."


def _means(kept: Sequence[Result], studies: StudySet, whole: Benchmark, outcome: str) -> str:
    rows = arm_rows(kept, studies.name, _arms(whole), outcome)
    return markdown_table(
        ("arm", "chunks", "mean", "SD", "extra rows", "recipients", "donors"),
        [
            (
                r.arm,
                r.chunks,
                f"{r.mean:.3f}",
                "-" if isnan(r.deviation) else f"{r.deviation:.3f}",
                *(f"{n:.0f}" for n in (r.rows, r.recipients, r.donors)),
            )
            for r in rows
        ],
    )


def _differences(compared: Sequence[Comparison]) -> str:
    head = ("arm", "to", "difference", "p (Holm)", "chunks")
    lines = [
        (c.arm, c.control, told(c.difference), "-" if isnan(c.holm) else f"{c.holm:.3f}", c.difference.chunks)
        for c in compared
    ]
    return markdown_table(head, lines) if lines else ""


def _others(kept: Sequence[Result], studies: StudySet, whole: Benchmark) -> str:
    """Return every other outcome of every arm, with its difference to the first control and half its interval."""
    names = {name for r in kept if r.studies == studies.name for name in r.outcomes}
    shown = [name for name in _ordered(names) if name not in primary(studies)]
    arms = [arm for arm in _arms(whole) if any((r.studies, r.arm) == (studies.name, arm) for r in kept)]
    lines = []
    for name in shown:
        means = {row.arm: f"{row.mean:.3f}" for row in arm_rows(kept, studies.name, arms, name)}
        for each in comparisons(kept, studies.name, arms, name):
            if each.control == CONTROLS[0]:
                means[each.arm] += f" ({short(each.difference)})"
        lines.append((name, *(means.get(arm, "-") for arm in arms)))
    return markdown_table(("outcome", *arms), lines)


def _ordered(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (PLAIN.index(name) + 1 if name in PLAIN else 0, name))


def told(difference: Difference) -> str:
    """Say a difference with its interval: "+.018 [+.004, +.032]"."""
    if isnan(difference.half):
        return f"{_signed(difference.mean)} (one chunk)"
    return f"{_signed(difference.mean)} [{_signed(difference.low)}, {_signed(difference.high)}]"


def short(difference: Difference) -> str:
    """Say a difference with half its interval: "+.018 ± .014"."""
    half = "" if isnan(difference.half) else f" ± {difference.half:.3f}".replace("0.", ".", 1)
    return _signed(difference.mean) + half


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("0.", ".", 1)


def _write_csv(kept: Sequence[Result], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("set", "chunk", "arm", "tested_on", "outcome", "value"))
        for result in kept:
            tested = {"": result.outcomes, **result.others}
            for where, outcomes in tested.items():
                for name, value in sorted(outcomes.items()):
                    writer.writerow((result.studies, result.chunk, result.arm, where, name, value))
