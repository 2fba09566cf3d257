"""Reasons in words: one whole, or all in a list by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.words import facts

if TYPE_CHECKING:
    from medcutmix_cli.run.reasons import Reason


def reason_view(reason: Reason) -> RenderableType:
    """Render one reason."""
    return facts({"Reason": reason.name, "What": reason.what, "Why": reason.why, "What to do": reason.advice})


def reasons_view(reasons: Sequence[Reason]) -> RenderableType:
    """Render all of them; what to do is told of one."""
    return Group(*_blocks(reasons), "medcutmix reasons NAME says what to do about one.")


def _blocks(reasons: Sequence[Reason]) -> Iterator[RenderableType]:
    for group, members in groupby(reasons, key=lambda reason: (reason.group, reason.why)):
        yield Text.assemble((group[0].capitalize(), "bold"), f": {group[1]}")
        table = Table.grid(padding=(0, 2))
        table.add_column(overflow="fold")
        table.add_column()
        for reason in members:
            table.add_row(reason.name, reason.what)
        yield Padding(table, (0, 0, 1, 2))
