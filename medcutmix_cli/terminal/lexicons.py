"""What is wrong with a lexicon, as a table by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.words import plain_table, printable, quantity

if TYPE_CHECKING:
    from medcutmix_cli.evaluation import LexiconEvaluation


def lexicon_view(found: LexiconEvaluation) -> RenderableType:
    """Render what was tried, and what is wrong."""
    return Group(*_blocks(found))


def _blocks(found: LexiconEvaluation) -> Iterator[RenderableType]:
    if found.problems:
        yield _problems(found)
        yield ""
    tried = f"{quantity(found.phrases, 'phrase')} and {quantity(found.tests, 'test')} tried"
    yield f"{tried}, {quantity(len(found.problems), 'problem')}"


def _problems(found: LexiconEvaluation) -> Table:
    table = plain_table("line", "problem", "key", "phrase", "detail")
    for column in table.columns:
        column.justify = "left"
    for one in found.problems:
        cells = (str(one.line), one.flaw.value, one.key, one.phrase, one.detail)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table
