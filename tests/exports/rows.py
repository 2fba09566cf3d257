"""Rows to export, made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medcutmix_cli.exports.row import ExportRow
from medcutmix_cli.testing.exports import made_rows


def changed(number: int, **changes: Any) -> ExportRow:
    """Return one of the made rows with other fields."""
    return replace(made_rows()[number], **changes)
