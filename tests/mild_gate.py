"""A run of a few pictures that is calibrated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medcutmix_cli import pipeline
from medcutmix_cli.assembly import opening
from medcutmix_cli.assembly import parts as composition
from tests.trees import SENTENCES

NORMAL = "There is no pleural effusion. No consolidation. There is no pneumothorax. Normal heart size."


def few_nulls(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let half of the studies be normal, and a gate ask for few of them."""
    rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows):
        if number % 2:
            row["report"] = row["report"].replace(SENTENCES[number % len(SENTENCES)], NORMAL)
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    gate = composition.build_gate

    def mild(settings):
        return type(made)(alpha=0.5, pictures=8) if (made := gate(settings)).min_nulls() else made

    for module in (pipeline, composition, opening):
        monkeypatch.setattr(module, "build_gate", mild)
    return "null-max"
