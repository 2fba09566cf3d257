"""How well mixed pictures are told from original ones: a table with intervals, what was left out, what is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table

from medcutmix_cli.terminal.mixes import interval_words
from medcutmix_cli.terminal.words import decimal, facts, plain_table, printable, quantity

if TYPE_CHECKING:
    from medcutmix_cli.evaluation import DetectEvaluation, DetectScore

_MEANT = (
    "AUC: how often a mixed picture scores above an original one of any patient held back with it; .5 is chance. "
    "Paired: above its own recipient's."
)


def detect_evaluation_view(found: DetectEvaluation) -> RenderableType:
    """Render the areas, the account of pairs, and how networks were trained."""
    return Group(*_blocks(found))


def _blocks(found: DetectEvaluation) -> Iterator[RenderableType]:
    yield _areas(found)
    yield ""
    yield facts({"Pairs": _account(found), "Networks": _networks(found), "Meaning": _MEANT})


def _areas(found: DetectEvaluation) -> Table:
    table = plain_table("strategy", "pairs", "patients", "AUC", "interval", "paired")
    for row in found.strategies:
        _add_row(table, row)
    if found.findings:
        table.add_section()
    for row in found.findings:
        _add_row(table, row)
    return table


def _add_row(table: Table, row: DetectScore) -> None:
    counts = (f"{row.pairs:,}", f"{row.patients:,}")
    areas = (decimal(row.auc.value), interval_words(row.auc), decimal(row.paired.value))
    table.add_row(printable(row.name), *counts, *areas)


def _account(found: DetectEvaluation) -> str:
    told = f"{found.written:,} written: {len(found.scores):,} looked at"
    return told + "".join(f"\n{count:>7,}  {name}" for name, count in found.left_out.items())


def _networks(found: DetectEvaluation) -> str:
    how, drawn = found.trained, found.settings
    trained = f"{how.folds}, each trained on {found.learned:,.0f} pairs of other patients for "
    intervals = f"{drawn.interval:.0%} intervals, {quantity(drawn.resamples, 'resample')} of patients"
    return f"{trained}{quantity(how.epochs, 'epoch')}; {intervals}, seed {drawn.seed}"
