"""The generated parts of docs/schema.md: columns, nulls, label order, metadata, versions; the README's few columns."""

from __future__ import annotations

import json

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.inspection.schema import ColumnMeaning, brief, schema_view, short_type, twins
from medcutmix_cli.run.column import ColumnGroup
from medcutmix_cli.run.columns import CHANGES, COLUMNS, SCHEMA_VERSION
from medcutmix_cli.run.shards import METADATA_KEY, ShardOrigin, arrow_schema
from tests.pages.docstrings import option_meanings
from tests.pages.markdown import code, table


def columns() -> str:
    """Return every column in its group; a parent's columns are said once."""
    told = list(twins(schema_view().columns))
    parts = [f"Schema version **{SCHEMA_VERSION}**, {len(COLUMNS)} columns."]
    for group in ColumnGroup:
        rows = [entry for entry in told if entry[0].group == group]
        if rows:
            parts.append(f"### {group.heading}\n\n{_columns(rows)}")
    return "\n\n".join(parts)


def first_columns() -> str:
    """Return the columns that a user needs first."""
    first = {column.name for column in COLUMNS if column.first}
    return _columns([entry for entry in twins(schema_view().columns) if entry[0].name in first])


def _columns(rows: list[tuple[ColumnMeaning, str]]) -> str:
    cells = (
        (", ".join(code(name) for name in (c.name, twin) if name), short_type(c.type), brief(c.meaning))
        for c, twin in rows
    )
    return table(("column", "type", "meaning"), cells)


def structs() -> str:
    """Return the fields of the columns that hold records."""
    told = ((c, twin) for c, twin in twins(schema_view().columns) if "struct of " in c.type)
    rows = (
        (", ".join(code(name) for name in (c.name, twin) if name), c.type.partition("struct of ")[2])
        for c, twin in told
    )
    return table(("column", "fields"), rows)


def labels() -> str:
    """Return the order of the label vectors."""
    return table(("position", "observation"), ((str(n), name) for n, name in enumerate(CHEXPERT)))


def nullable() -> tuple[str, ...]:
    """Return the columns that may be null; all others always hold a value."""
    return tuple(column.name for column in COLUMNS if column.null)


def nulls() -> str:
    """Return every null rule with the columns that it is of."""
    rules = dict.fromkeys(column.null.rule for column in COLUMNS if column.null)
    rows = (
        (", ".join(code(c.name) for c in COLUMNS if c.null and c.null.rule == rule), rule) for rule in rules
    )
    return table(("columns", "null where"), rows)


def versions() -> str:
    """Return every schema version with what it changed."""
    rows = (
        (str(number), _changes(number), "no" if number > 1 else "") for number in range(1, SCHEMA_VERSION + 1)
    )
    return table(("version", "what changed", "reads older shards"), rows)


def _changes(number: int) -> str:
    new = ", ".join(code(column.name) for column in COLUMNS if column.since == number > 1)
    return "; ".join(part for part in (new, CHANGES.get(number, "")) if part)


def metadata() -> str:
    """Return what the shard's metadata says under our own key."""
    said = json.loads(arrow_schema(ShardOrigin("", {}, {}, "", True)).metadata[METADATA_KEY])
    meanings = {
        "schema_version": "Of this shard; `medcutmix inspect SHARD --schema` tells it.",
        "label_order": "Names of the observations in the order of the label vectors.",
        **option_meanings(ShardOrigin),
    }
    return table(("key", "meaning"), ((code(name), meanings[name]) for name in said))
