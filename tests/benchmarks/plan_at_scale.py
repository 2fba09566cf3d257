"""Plan 227,835 reports (the size of MIMIC-CXR) and say time and peak memory; writes the table to PLAN.md.

Reports are real ones where `--reports CSV` gives them (columns `indication`, `findings`, `impression`; read, never
copied), phantom reports else, repeated under fresh ids. Repeating helps the cache of sentences: about a quarter of
real sentences are unique, so the share of unique reports is said in the table.

    python tests/benchmarks/plan_at_scale.py [--studies 227835] [--workers 2] [--reports indiana_reports.csv]
"""

import argparse
import csv
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from medcutmix_cli.datasets.phantoms import draw_phantom, write_report
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.planning import PlanResult, make_plan
from medcutmix_cli.records import Image, Study
from medcutmix_cli.settings import PlanSettings

HERE = Path(__file__).resolve().parent
PHANTOM_REPORTS = 3000
HEADERS = ("INDICATION", "FINDINGS", "IMPRESSION")


def texts(path: Path | None) -> list[str]:
    """Return phantom reports, and those of the table where there is one."""
    made = [write_report(draw_phantom(seed)).text for seed in range(PHANTOM_REPORTS)]
    if path is None:
        return made
    with path.open(encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return made + [as_report(r) for r in rows]


def as_report(row: dict[str, str]) -> str:
    """Lay one row of the table out as MIMIC-CXR does."""
    sections = [f" {header}: \n \n {row[header.lower()]}\n \n" for header in HEADERS]
    return "                                 FINAL REPORT\n" + "".join(sections)


def studies(reports: list[str], count: int) -> Iterator[Study]:
    """Yield `count` studies of about three a patient."""
    for n in range(count):
        picture = Image(f"i{n}", f"files/{n}.jpg", "PA")
        yield Study(f"s{n:08d}", f"p{n // 3:08d}", "train", (picture,), reports[n % len(reports)])


def peak(who: int) -> float:
    """Return the peak memory in MB."""
    return resource.getrusage(who).ru_maxrss / 1024


class Stages:
    """Notes when each stage was last heard of."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.last: dict[str, float] = {}

    def __call__(self, stage: str, _done: int, _total: int) -> None:
        self.last[stage] = time.perf_counter() - self.started


def main() -> None:
    """Plan, print, and keep the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=227_835)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--reports", type=Path, default=None)
    chosen = parser.parse_args()
    reports, stages = texts(chosen.reports), Stages()
    result = make_plan(
        studies(reports, chosen.studies),
        PlanSettings(),
        SameFinding(),
        workers=chosen.workers,
        progress=stages,
    )
    seconds = time.perf_counter() - stages.started
    write(result, stages, seconds, chosen, len(reports))


def write(
    result: PlanResult, stages: Stages, seconds: float, chosen: argparse.Namespace, unique: int
) -> None:
    """Lay the measurement out as a table."""
    rows = [
        ("studies", f"{result.inputs:,} ({unique:,} different reports)"),
        ("sentences / mentions", f"{result.texts['sentences']:,} / {result.texts['mentions']:,}"),
        ("pairs", f"{len(result.pairs):,}"),
        ("reading", f"{stages.last['reading']:.0f} s"),
        ("pairing", f"{stages.last['pairing'] - stages.last['reading']:.0f} s"),
        ("whole", f"{seconds:.0f} s"),
        ("peak memory, main process", f"{peak(resource.RUSAGE_SELF):.0f} MB"),
        ("peak memory, largest reading process", f"{peak(resource.RUSAGE_CHILDREN):.0f} MB"),
    ]
    lines = [
        "# Planning at the size of MIMIC-CXR",
        "",
        f"`python tests/benchmarks/plan_at_scale.py --studies {chosen.studies} --workers {chosen.workers}"
        f"{' --reports ...' if chosen.reports else ''}`, {time.strftime('%Y-%m-%d')}, "
        f"{len(os.sched_getaffinity(0))} CPUs.",
        "",
        "| what | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows),
    ]
    (HERE / "PLAN.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
