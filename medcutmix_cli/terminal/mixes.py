"""Mixed pairs against anatomy: a table of figures with their intervals, what was left out, and what each means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.words import decimal, facts, plain_table, quantity

if TYPE_CHECKING:
    from medcutmix_cli.evaluation import IntervalEstimate, MixEvaluation

_SOURCES = {
    "masks": "masks of lungs",
    "phantoms": "the generator's own contours",
    "none": "none: --lungs FOLDER gives masks",
}


def mix_evaluation_view(found: MixEvaluation) -> RenderableType:
    """Render the figures, the account of pairs and the definitions."""
    return Group(*_blocks(found))


def _blocks(found: MixEvaluation) -> Iterator[RenderableType]:
    if found.figures:
        yield _figures(found)
        yield ""
    yield facts(
        {
            "Pairs": _account(found),
            "Reports": _criticism(found),
            "Anatomy": _SOURCES[found.anatomy],
            "Intervals": _intervals(found),
        }
    )
    yield ""
    yield facts({figure.name: Text(figure.meaning, style="dim") for figure in found.figures})


def _figures(found: MixEvaluation) -> Table:
    table = plain_table("figure", "pairs", "value", "interval")
    for figure in found.figures:
        estimate = figure.estimate
        table.add_row(figure.name, f"{figure.pairs:,}", decimal(estimate.value), interval_words(estimate))
    return table


def interval_words(estimate: IntervalEstimate) -> Text:
    """Write an interval, or nothing where there is none."""
    if estimate.low != estimate.low:
        return Text("-")
    return Text(f"{decimal(estimate.low)} - {decimal(estimate.high)}", style="dim")


def _account(found: MixEvaluation) -> str:
    dropped = sum(found.left_out.values())
    told = f"{found.written:,} written: {found.measured:,} measured, {dropped:,} left out"
    return told + "".join(f"\n{count:>7,}  {name}" for name, count in found.left_out.items())


def _criticism(found: MixEvaluation) -> str:
    told = f"{found.faulty:,} of {found.written:,} with a fault that the critic sees"
    return told + "".join(f"\n{count:>7,}  {rule}" for rule, count in found.faults.items())


def _intervals(found: MixEvaluation) -> str:
    how = found.settings
    drawn = quantity(how.resamples, "resample")
    return f"{how.interval:.0%}, {drawn} of the recipients' patients, seed {how.seed}"
