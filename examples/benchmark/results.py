"""Raw results: one line of JSON for each arm of each chunk, appended as soon as it is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = "results"


@dataclass(frozen=True, slots=True)
class Result:
    """What one arm came to on one chunk.

    Attributes:
        studies: Name of the set.
        chunk: Number, or "tune-0" and so on.
        arm: Its name.
        digest: Of all settings that decide it.
        rows: Distinct extra rows, before some were repeated.
        recipients, donors: How many studies gave them.
        seconds: It took, by part: "data", "rows", "training", "testing".
        outcomes: Value by name.
        others: Outcomes on test sets of other data sets, by name of the set.
    """

    studies: str
    chunk: str
    arm: str
    digest: str
    rows: int
    recipients: int
    donors: int
    seconds: dict[str, float]
    outcomes: dict[str, float]
    others: dict[str, dict[str, float]]


def append(out: Path, result: Result) -> None:
    """Add a result to the file of its row."""
    path = out / FOLDER / f"{result.studies}-{result.chunk}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(result), sort_keys=True) + "\n")


def read_results(out: Path) -> list[Result]:
    """Read all results; of several for one arm and chunk with the same settings the last one counts."""
    found = {(r.studies, r.chunk, r.arm, r.digest): r for r in _lines(out / FOLDER)}
    return [found[key] for key in sorted(found)]


def _lines(folder: Path) -> Iterator[Result]:
    """Yield what was written whole: the last line of a run that was stopped may be half of one."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield Result(**json.loads(line))
            except (ValueError, TypeError):
                continue
