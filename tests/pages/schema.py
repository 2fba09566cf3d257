"""The generated parts of docs/schema.md: columns, label order, null rules, metadata; and the README's few columns."""

from __future__ import annotations

import json

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.inspection.schema import GROUPS, ColumnMeaning, brief, schema_view, short_type, twins
from medcutmix_cli.run.shards import COLUMNS, METADATA_KEY, SCHEMA_VERSION, ShardOrigin, arrow_schema
from tests.pages.docstrings import option_meanings
from tests.pages.markdown import code, table

FIRST = (
    "image",
    "report",
    "label_mixed",
    "label_w",
    "lam",
    "finding",
    "strategy",
    "study_id_a",
    "ground_p_a",
)
"""What a user needs first; the README shows these."""


def columns() -> str:
    """Return every column in its group; a parent's columns are said once."""
    told = list(twins(schema_view().columns))
    parts = [f"Schema version **{SCHEMA_VERSION}**, {len(COLUMNS)} columns."]
    for group, heading in GROUPS.items():
        rows = [entry for entry in told if entry[0].group == group]
        if rows:
            parts.append(f"### {heading}\n\n{_columns(rows)}")
    return "\n\n".join(parts)


def first_columns() -> str:
    """Return the columns that a user needs first."""
    return _columns([entry for entry in twins(schema_view().columns) if entry[0].name in FIRST])


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
    """Return the columns whose meaning names a case in which they are null."""
    return tuple(column.name for column in COLUMNS if "null" in column.meaning)


def nulls() -> str:
    """Return the columns that may be null; all others always hold a value."""
    return ", ".join(code(name) for name in nullable())


def metadata() -> str:
    """Return what the shard's metadata says under our own key."""
    said = json.loads(arrow_schema(ShardOrigin("", {}, {}, "", True)).metadata[METADATA_KEY])
    meanings = {
        "schema_version": "Of this shard; `medcutmix inspect SHARD --schema` tells it.",
        "label_order": "Names of the observations in the order of the label vectors.",
        **option_meanings(ShardOrigin),
    }
    return table(("key", "meaning"), ((code(name), meanings[name]) for name in said))
