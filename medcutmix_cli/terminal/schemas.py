"""A schema as a table: every column with its type and meaning, in groups, and what another version lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.inspection.schema import ColumnMeaning, SchemaView, brief, schema_view, short_type, twins
from medcutmix_cli.run.column import ColumnGroup
from medcutmix_cli.terminal.words import facts, printable, warning


def schema_table(view: SchemaView) -> RenderableType:
    """Render a schema; the donor's columns repeat the recipient's and are told with them."""
    return Group(*_blocks(view))


def _blocks(view: SchemaView) -> Iterator[RenderableType]:
    if view.path:
        yield Text(printable(view.path), style="bold", overflow="fold")
    same = view.schema_version == view.this_version
    mine = "this version's" if same else f"this medcutmix reads and writes {view.this_version}"
    yield f"Schema {view.schema_version} ({mine}), {len(view.columns)} columns"
    if not view.readable:
        yield warning(
            "This version cannot read the rows: read them with the one that wrote them, or render again."
        )
    told = list(twins(view.columns))
    for group in ColumnGroup:
        rows = [entry for entry in told if entry[0].group == group]
        if rows:
            yield ""
            yield Text(group.heading.replace("`", ""), style="bold", overflow="fold")
            yield _columns(rows)
    yield ""
    yield facts({"Labels": ", ".join(CHEXPERT)})
    differences = {"lacks": view.lacks, "knows besides": view.unknown, "says otherwise": view.differs}
    if view.path and any(differences.values()):
        yield ""
        yield Text(f"Against schema {view.this_version} this shard", style="bold")
        yield facts({said: ", ".join(names) for said, names in differences.items() if names})


def _columns(rows: Sequence[tuple[ColumnMeaning, str]]) -> Table:
    name_width, type_width = _widths()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=name_width, no_wrap=True)
    table.add_column(width=type_width, style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for column, twin in rows:
        said = (_both_names(column, twin), short_type(column.type), brief(column.meaning))
        table.add_row(*(Text(printable(text)) for text in said))
    return table


@cache
def _widths() -> tuple[int, int]:
    """Return widths that hold this version's names and types, so that the groups stand under each other."""
    told = list(twins(schema_view().columns))
    return max(len(_both_names(*entry)) for entry in told), max(len(short_type(c.type)) for c, _twin in told)


def _both_names(column: ColumnMeaning, twin: str) -> str:
    return f"{column.name}, _b" if twin else column.name
