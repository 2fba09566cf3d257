"""What a check of a run or an export says of one broken rule. Knows no file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule.

    Attributes:
        where: File name, path below the folder that is checked, or pair id.
        rule: Name of the rule ("hash", "patient", ...).
        detail: One sentence, without report text.
    """

    where: str
    rule: str
    detail: str
