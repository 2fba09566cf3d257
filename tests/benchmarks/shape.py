"""Plan with and without what keeps the set's shape, and with weights in its place. Prints counts, no report text.

    python -m tests.benchmarks.shape SAMPLE --pairing same-finding --pairing normal-host
    python -m tests.benchmarks.shape indiana_reports.csv

A table of reports is planned without a gate, as by `read_mixes.py`; no picture is opened either way.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from medcutmix_cli.assembly.parts import (
    build_gate,
    build_pairings,
    build_reader,
    open_source,
    resolve_options,
)
from medcutmix_cli.configuration.registry import load
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing.traits import traits_of
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.planning.plan_result import PlanResult
from tests.benchmarks.read_mixes import studies_of

LIMITS = (4.0, 16.0)
ROUNDS = 300


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="data set, or table of reports")
    parser.add_argument("--pairing", action="append")
    parser.add_argument("--reports", help="where the reports of the data set are")
    options = parser.parse_args()
    for pairing in options.pairing or ["same-finding"]:
        for unmixed, tolerance in (("drop", 0.1), ("keep", 0.1), ("keep", 1e9)):
            chosen = {"pairing": (pairing,), "unmixed": unmixed, "shape_tolerance": tolerance}
            result = planned(options.source, options.reports, chosen)
            print(f"{pairing}, {unmixed}, tolerance {tolerance:g}: {in_words(result)}")
            if tolerance > 1 or unmixed == "drop":
                print("\n".join(f"  {line}" for line in raked(result)))


def planned(source: Path, reports: str | None, chosen: dict[str, object]) -> PlanResult:
    """Return a plan of a data set or of a table of reports."""
    if source.is_file():
        return make_plan(studies_of(source), PlanSettings(**chosen), load("pairing", *chosen["pairing"])())
    settings = resolve_options(source, None, chosen | ({"reports": reports} if reports else {})).settings
    return make_plan(
        open_source(settings).studies(),
        settings.plan,
        *build_pairings(settings),
        reader=build_reader(settings),
        gate=build_gate(settings),
    )


def in_words(result: PlanResult) -> str:
    """Return the counts of a plan."""
    shape = result.shape
    donors = [f"{name} {c.effective:.1f}/{c.donors}" for name, c in shape.donors.items()]
    return (
        f"{shape.originals} originals, {shape.rows} rows, {shape.kept} kept; reserve {result.reserve}; "
        f"sentences {shape.row_sentences} of {shape.sentences}; shifted {len(shape.shifts())} of "
        f"{len(shape.traits)}; donors {', '.join(donors)}"
    )


def raked(result: PlanResult) -> list[str]:
    """Return how far weights within limits hold the shares, and how many equal rows they are worth (Kish 1965)."""
    names = [name for name, count in result.shape.traits.items() if count.originals]
    wanted = np.array([result.shape.traits[name].originals / result.shape.originals for name in names])
    rows = [traits_of(p.labels, p.recipient.view, p.entities) for p in result.pairs]
    there = np.array([[name in row for name in names] for row in rows])
    said = []
    for limit in LIMITS:
        weights = rake(there, wanted, limit)
        off = np.abs(weights @ there / weights.sum() / wanted - 1)
        worth = weights.sum() ** 2 / (weights**2).sum()
        said.append(
            f"weights within {limit:g}: {(off > 0.1).sum()} off, worst {off.max():.2f}, worth {worth:.0f} rows"
        )
    return said


def rake(there: np.ndarray, wanted: np.ndarray, limit: float) -> np.ndarray:
    """Return weights by iterative proportional fitting (Deming & Stephan 1940), within [1 / limit, limit]."""
    weights = np.ones(len(there))
    for _ in range(ROUNDS):
        for has, share in zip(there.T, wanted, strict=True):
            now = weights @ has / weights.sum()
            if 0 < now < 1 and share < 1:
                factors = np.where(has, share / now, (1 - share) / (1 - now))
                weights = np.clip(weights * factors, 1 / limit, limit)
    return weights


if __name__ == "__main__":
    main()
