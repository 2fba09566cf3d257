"""An evaluation as a table of scores and a list of ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.words import decimal, plain_table, printable, quantity

if TYPE_CHECKING:
    from medcutmix_cli.evaluation import Evaluation, Score

_UNITS = {"findings": "report", "negation": "sentence"}


def evaluation_view(found: Evaluation) -> RenderableType:
    """Render the scores, the sums and the worst disagreements."""
    return Group(*_blocks(found))


def _blocks(found: Evaluation) -> Iterator[RenderableType]:
    unit = _UNITS[found.task]
    yield _scores(found)
    yield ""
    yield f"{quantity(found.reports, unit)} compared, {found.disagreeing:,} with a disagreement"
    if found.without_report:
        yield f"{quantity(found.without_report, 'gold row')} without a report"
    if found.uncertain:
        yield f"{quantity(found.uncertain, 'gold value')} of -1 left out"
    if found.worst:
        yield ""
        yield _worst(found)


def _scores(found: Evaluation) -> Table:
    table = plain_table("finding", "in gold", "precision", "recall", "F1", "extra", "missed")
    for score in found.scores:
        table.add_row(*_cells(score))
    if found.task == "findings":
        table.add_section()
        table.add_row(*_cells(found.micro), style="bold")
        table.add_row("macro", "", "", "", decimal(found.macro_f1), "", "", style="bold")
    return table


def _cells(score: Score) -> tuple[str, ...]:
    shares = (decimal(value) for value in (score.precision, score.recall, score.f1))
    return (printable(score.name), f"{score.positives:,}", *shares, f"{score.extra:,}", f"{score.missed:,}")


def _worst(found: Evaluation) -> Table:
    table = plain_table("worst, by id", "missed", "extra")
    for column in table.columns[1:]:
        column.justify = "left"
    for one in found.worst:
        cells = (", ".join(one.missed) or "-", ", ".join(one.extra) or "-")
        table.add_row(printable(one.identifier), *(Text(printable(cell)) for cell in cells))
    return table
