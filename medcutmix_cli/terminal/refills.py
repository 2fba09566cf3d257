"""What was taken from the reserve of a plan, and what cells lack in the end."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from medcutmix_cli.terminal.words import printable, quantity

if TYPE_CHECKING:
    from medcutmix_cli.run.refill import RefillPass
    from medcutmix_cli.run.status import RunStatus

_HINTS = {
    "no-reserve": "plan again with --reserve 3",
    "reserve-empty": "plan again with a larger --reserve",
    "reserve-unfit": "what is left would use a study more often than --pairs-per-study or --max-uses-per-donor allows",
}
"""What to try, by `run.refill`'s names of why cells stay short."""


def refill_line(status: RunStatus) -> str:
    """Say how many rejected pairs were replaced, and whether that has ended."""
    taken = sum(each.pairs for each in status.refills)
    passes = quantity(sum(each.shards > 0 for each in status.refills), "refill")
    head = f"{taken:,} of {quantity(status.reserved, 'pair')} in reserve taken in {passes}"
    if status.missing or status.refill_due:
        return f"{head} so far"
    lacking = still_lacking(status)
    if lacking:
        return f"{head}; {sum(lacking.values()):,} still lacking"
    if status.targets:
        return f"{head}; every cell is full"
    unmixed = sum(each.unmixed for each in status.refills)
    by = f", {unmixed:,} by the study as it is" if unmixed else ""
    return f"{head}; every rejected pair is replaced{by}"


def still_lacking(status: RunStatus) -> dict[str, int]:
    """Return how many pairs each cell lacks when refilling has ended; empty before.

    Without targets nothing is lacking where as many studies as they are stand in: each study has its rows.
    """
    if not status.refills or status.missing or status.refill_due:
        return {}
    lacking = dict(status.refills[-1].lacking)
    unmixed = sum(each.unmixed for each in status.refills)
    return {} if not status.targets and sum(lacking.values()) <= unmixed else lacking


def refill_warning(status: RunStatus) -> str:
    """Say what is lacking in the end, and what to try; "" where they lack nothing, or that is not known yet."""
    rejected, lacking = sum(status.rejected.values()), sum(still_lacking(status).values())
    if lacking:
        return f"still lacking {quantity(lacking, 'pair')}: {_reason(status.refills[-1].short)}"
    if status.targets and rejected and not status.reserved:
        pairs = quantity(status.planned, "pair")
        return f"{rejected:,} of {pairs} for targets were rejected while rendering: {_reason('no-reserve')}"
    return ""


def refill_view(decided: RefillPass, out: str | Path) -> RenderableType:
    """Render what one refill decided, and what to type next."""
    lacking = sum(decided.lacking.values())
    cells = [Text(f"  {count:,}  {printable(cell)}", style="dim") for cell, count in decided.lacking.items()]
    if decided.pairs:
        head = f"{lacking:,} lacking, {quantity(decided.pairs, 'pair')} of the reserve taken"
        step = f"render {shlex.quote(str(out))}"
    else:
        head = f"nothing to refill: {_reason(decided.short) if decided.short else 'nothing is lacking'}"
        step = f"status {shlex.quote(str(out))}"
    return Group(head, *cells, "", Text("Next", style="bold"), Text(f"  medcutmix {step}", style="cyan"))


def _reason(short: str) -> str:
    return f"{short} ({_HINTS[short]})"
