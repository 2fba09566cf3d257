"""What goes together in a data set, with its four counts, and the commands that would break it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from medcutmix_cli.datasets.attribute_columns import tell_left_out
from medcutmix_cli.terminal.runs import next_commands
from medcutmix_cli.terminal.words import plain_table, printable, quantity, unbroken, warning

if TYPE_CHECKING:
    from medcutmix_cli.assembly.shortcuts import Shortcuts
    from medcutmix_cli.planning.associations import Shortcut

_COMMANDS = 3


def shortcuts_view(found: Shortcuts, plan: str, most: int) -> RenderableType:
    """Render the clear ones, the strongest first, and what a user would type now.

    Args:
        found: What was found.
        plan: The command that plans the same studies.
        most: How many are shown.
    """
    return Group(
        *_blocks(found, plan, most), *map(warning, (*found.warnings, *tell_left_out(found.columns_left_out)))
    )


def _blocks(found: Shortcuts, plan: str, most: int) -> Iterator[RenderableType]:
    clear = found.clear
    compared = quantity(len(found.pairs), "pair")
    head = f"{quantity(found.studies, 'study', 'studies')}, {compared} of finding and value compared: "
    if not clear:
        yield Text(f"{head}none goes together more clearly than chance would show.")
        return
    table = plain_table("finding", "value", "with it", "without it", "odds ratio", "interval")
    table.columns[1].justify = "left"
    for pair in clear[:most]:
        table.add_row(*_row(pair))
    more = len(clear) - most
    rest = [Text(f"... and {more:,} more: --most, --json")] if more > 0 else []
    told = f"{found.correction}: all {found.level:.0%} intervals hold together"
    commands = [f"{plan} --pairing normal-host {_target(pair)}" for pair in clear if pair.target]
    steps = [next_commands(commands[:_COMMANDS])] if commands else []
    blocks: tuple[RenderableType, ...] = (
        Text(f"{head}{len(clear):,} go together ({told})."),
        "",
        unbroken(table),
    )
    yield from (*blocks, *rest, *_targets(clear[:most]), *steps)


def _targets(pairs: Sequence[Shortcut]) -> Iterator[RenderableType]:
    """Yield what breaks each, on lines of their own: in a table they could not be copied."""
    lines = [_target(pair) for pair in pairs if pair.target]
    if lines:
        yield Text("\nWhat would break them, in this order", style="bold")
        yield from (Text.assemble("  ", (printable(line), "cyan")) for line in lines)


def _row(pair: Shortcut) -> tuple[str, ...]:
    cells = pair.cells
    return (
        printable(pair.finding),
        printable(f"{pair.attribute}={pair.value}"),
        f"{cells.both:,} of {cells.both + cells.value_only:,}",
        f"{cells.finding_only:,} of {cells.finding_only + cells.neither:,}",
        _ratio(pair.odds_ratio),
        f"{_ratio(pair.low)}-{_ratio(pair.high)}",
    )


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _target(pair: Shortcut) -> str:
    return f"--target {shlex.quote(pair.target)}"
