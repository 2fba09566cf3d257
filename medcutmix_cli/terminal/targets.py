"""What a targeted plan made of each cell: how many there were, were wanted and are planned, and why some are short."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from medcutmix_cli.records import TargetOutcome
from medcutmix_cli.system.counts import most_frequent
from medcutmix_cli.terminal.words import printable

_REASONS = 3
"""Refusals that are told of a cell that is short, the most frequent first."""


def targets_table(targets: Sequence[TargetOutcome]) -> Table:
    """Render a line a cell, and below one that is short why; cells that lacked nothing share one line."""
    lone = len({each.split for each in targets}) == 1
    lacking = [each for each in targets if each.wanted > each.have]
    table = Table.grid()
    table.add_column(overflow="fold")
    for each in lacking:
        name = each.target if lone else f"{each.split}: {each.target}"
        table.add_row(f"{printable(name)}: {_counts(each)}")
        if each.short:
            table.add_row(Text(f"  {each.missing:,} short: {_why(each)}", style="yellow"))
    full = len(targets) - len(lacking)
    if full:
        table.add_row(Text(f"{full:,} of {len(targets):,} cells lacked nothing", style="dim"))
    return table


def _counts(outcome: TargetOutcome) -> str:
    return f"{outcome.have:,} there, {outcome.wanted:,} wanted, {outcome.planned:,} planned"


def _why(outcome: TargetOutcome) -> str:
    """Return the name of what is used up, how many there were, and what most matches were refused for."""
    could = f"{outcome.hosts:,} could receive, {outcome.donors:,} could give"
    often = most_frequent(outcome.refused, _REASONS)
    refused = ", ".join(f"{printable(reason)} {count:,}" for reason, count in often.items())
    return f"{outcome.short} ({could}{f'; refused: {refused}' if refused else ''})"
