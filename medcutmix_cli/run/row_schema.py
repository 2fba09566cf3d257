"""A row as JSON Schema, for whoever checks rows outside of Python: made from the declared columns. Knows no file.

https://json-schema.org/draft/2020-12. JSON has neither bytes nor NaN: bytes are base64, NaN is null.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.run.columns import COLUMNS, SCHEMA_VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def row_schema() -> dict[str, Any]:
    """Return the schema of one row: every column, and no other."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:medcutmix:row:{SCHEMA_VERSION}",
        "title": f"medcutmix row, schema version {SCHEMA_VERSION}",
        "description": f"One mixed image-report pair. Labels are in CheXpert order: {', '.join(CHEXPERT)}.",
        **_object({column.name: _column(column.type, column.meaning) for column in COLUMNS}),
    }


def _column(kind: pa.DataType, meaning: str) -> dict[str, Any]:
    """Return the schema of one column; any may be null, as Parquet has it, where its meaning says so."""
    nullable = "null" in meaning or pa.types.is_floating(kind)
    found = _schema_of(kind)
    return {"description": meaning, **(_or_null(found) if nullable else found)}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": sorted({*_as_list(schema["type"]), "null"})}


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _schema_of(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return {"type": "array", "items": _item(kind.value_type)}
    if pa.types.is_struct(kind):
        fields = (kind.field(k) for k in range(kind.num_fields))
        return _object({entry.name: _field(entry.name, entry.type) for entry in fields})
    if pa.types.is_integer(kind):
        return {"type": "integer", **_bounds(kind)}
    if pa.types.is_floating(kind):
        return {"type": "number"}
    if pa.types.is_binary(kind):
        return {"type": "string", "contentEncoding": "base64"}
    return {"type": "boolean" if pa.types.is_boolean(kind) else "string"}


def _item(kind: pa.DataType) -> dict[str, Any]:
    """Return the schema of what stands in a list: numbers with a point may be NaN, which is null."""
    found = _schema_of(kind)
    return _or_null(found) if pa.types.is_floating(kind) else found


def _field(name: str, kind: pa.DataType) -> dict[str, Any]:
    """Return the schema of a field of a struct; a picture has no path but its bytes."""
    return _or_null(_schema_of(kind)) if name == "path" else _schema_of(kind)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _bounds(kind: pa.DataType) -> dict[str, int]:
    if not pa.types.is_unsigned_integer(kind):
        half = int(2 ** (kind.bit_width - 1))
        return {"minimum": -half, "maximum": half - 1}
    return {"minimum": 0, "maximum": int(2**kind.bit_width) - 1}
