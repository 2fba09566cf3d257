"""A small run beside its data set, made without an encoder: mixes, a study as it is, a row without words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.run_folders import make_row, write_run
from tests.trees import write_manifest

KEPT = {"image_mode": "keep", "finding": "", "finding_a": ""}
STUDIES = 4


def run_of_both(folder: Path, splits: Sequence[str], *, mixes: bool = True) -> Path:
    """Write a run and its data set; return the run.

    Shards: a mix of each split, a study as it is, a row without words, a mix of each split. Only the second where
    there are no mixes.
    """
    source = write_manifest(folder / "in", STUDIES * len(splits))
    _share_splits(source / "manifest.jsonl", splits)
    first, last = ([_mix(base + n, split) for n, split in enumerate(splits)] for base in (0, 50))
    kept, empty = [make_row(10, **KEPT)], [make_row(11, report="", findings="", impression="")]
    run = write_run(folder / "run", (first, kept, empty, last) if mixes else (kept,))
    tell_data_set(run / "run.json", source, splits)
    return run


def _mix(number: int, split: str) -> dict[str, object]:
    report = "FINDINGS: Large left pleural effusion is seen."
    return make_row(number, split=split, report=report, findings=report.partition(": ")[2])


def _share_splits(manifest: Path, splits: Sequence[str]) -> None:
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    told = ({**row, "split": splits[number % len(splits)]} for number, row in enumerate(rows))
    manifest.write_text("".join(json.dumps(row) + "\n" for row in told))


def tell_data_set(record: Path, source: Path, splits: Sequence[str]) -> None:
    """Have a run say that it was made of a data set, and of which splits."""
    plain = json.loads(record.read_text())
    plain["settings"]["dataset"]["root"] = str(source)
    plain["settings"]["plan"]["splits"] = list(splits)
    record.write_text(json.dumps(plain))
