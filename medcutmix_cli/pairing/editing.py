"""Apply edits to a report, on exact spans. Never changes a character it was not told to."""

from __future__ import annotations

from collections.abc import Sequence

from medcutmix_cli.records import Edit


def splice(report: str, edits: Sequence[Edit]) -> str:
    """Apply edits to the original report.

    Args:
        report: The recipient's original report.
        edits: Sorted by start, without overlap; offsets into `report`.

    Raises:
        ValueError: Edits overlap or leave the report.
    """
    pieces: list[str] = []
    position = 0
    for edit in edits:
        if not position <= edit.start <= edit.end <= len(report):
            raise ValueError(f"edit {edit.start}:{edit.end} overlaps another or leaves the report")
        pieces += [report[position : edit.start], edit.text]
        position = edit.end
    return "".join([*pieces, report[position:]])
