"""Names of classes that a Hugging Face table keeps as numbers: they stand in its schema, under `huggingface`.

A number would be taken for a word: view 0 is none of PA, AP and LATERAL, though the schema calls it PA.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from medcutmix_cli.errors import DatasetError

Names = tuple[str, ...]
NO_CLASS = -1
"""What `datasets` writes where a row has no class."""


def class_names(schema: pa.Schema) -> dict[str, Names]:
    """Return the names of the classes of each column that has some; nothing where the schema does not say it well."""
    try:
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = told.get("info", {}).get("features", {}).items()
    except (ValueError, AttributeError):
        return {}
    return {
        column: tuple(map(str, feature["names"]))
        for column, feature in features
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
    }


def with_class_names(row: Mapping[str, Any], names: Mapping[str, Names], where: str) -> dict[str, Any]:
    """Return a row with the names of its classes; no class is blank.

    Args:
        row: Cell by column.
        names: By column, those of other columns are left out.
        where: The file, for errors.

    Raises:
        DatasetError: A number is that of no class.
    """
    return dict(row) | {
        column: _name(row[column], own, column, where) for column, own in names.items() if column in row
    }


def _name(cell: object, names: Names, column: str, where: str) -> object:
    if cell is None or cell == NO_CLASS:
        return None
    if not isinstance(cell, int):
        return cell
    if not 0 <= cell < len(names):
        what = f"the column {column!r} has a class of which its schema has no name"
        raise DatasetError(what, where=where, hint=f"it names {len(names)}; save the data set again")
    return names[cell]
