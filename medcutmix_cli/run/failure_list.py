"""The list of what was rejected or failed in a shard, one JSON object a line. Never holds report text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """One line of a failure list: a pair that was not written. Never holds report text.

    Attributes:
        outcome: "rejected" or "failed".
        stage: "mask", "image", "encode", "mix".
        reason: A name that is counted.
        error: Exception class, "" for a rejection.
    """

    pair_id: str
    recipient: str
    donor: str
    outcome: str
    stage: str
    reason: str
    error: str = field(default="")


def outcome_lines(outcomes: list[PairOutcome]) -> str:
    """Return the text of a failure list, one JSON object a line; an empty one is written too: nothing failed."""
    return "".join(json.dumps(asdict(outcome), sort_keys=True) + "\n" for outcome in outcomes)


def read_outcomes(path: Path) -> list[PairOutcome]:
    """Read a failure list back."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [PairOutcome(**json.loads(line)) for line in lines]
