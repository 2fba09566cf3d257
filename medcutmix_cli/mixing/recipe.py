"""What is said where a pair cannot be mixed; what is decided of one that can is `records.Cut`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RefusedCut:
    """The pair cannot be mixed; `reason` is counted."""

    reason: str
