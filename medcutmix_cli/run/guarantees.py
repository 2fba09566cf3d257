"""What the evidence gate of a run promises, finding by finding, from its small files: measured, or as planned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import floor
from typing import Any

from medcutmix_cli.records import Guarantee
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord


def percent(confidence: float) -> str:
    """Write a confidence in whole percent, rounded down: a promise is never made larger than it is."""
    return f"{floor(100 * confidence + 1e-9)}%"


def promise(guarantee: Guarantee) -> str:
    """Say what is promised of a finding, in words, with no more confidence than was asked for."""
    share = f"at most {100 * guarantee.alpha:g}% of pictures without it are kept"
    if guarantee.refused:
        return "too few pictures without it, so it is not mixed"
    if not guarantee.wanted:
        return f"{share} on average"
    return f"{share}, with {percent(min(guarantee.confidence, guarantee.wanted))} confidence"


def to_guarantees(plain: Mapping[str, Mapping[str, Any]]) -> dict[str, Guarantee]:
    """Return guarantees by "split/finding", in order, from the form in which JSON files hold them.

    Raises:
        TypeError: Something is missing, or unknown.
    """
    return {key: Guarantee(**fields) for key, fields in sorted(plain.items())}


def read_guarantees(folder: RunFolder, record: RunRecord) -> dict[str, Guarantee]:
    """Return what the gate promises of each finding that it judges, or has too few pictures to judge.

    Until the run is calibrated, and where its calibration cannot be read, these are the plan's: fewer pictures may do
    to calibrate it than were chosen.
    """
    planned = to_guarantees(record.counts.get("guarantees", {}))
    try:
        plain = json.loads(folder.calibration_file.read_text(encoding="utf-8"))
        if plain["fingerprint"] != record.fingerprint:
            return planned
        measured = to_guarantees(plain["guarantees"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return planned
    return {key: measured.get(key, guarantee) for key, guarantee in planned.items()}
