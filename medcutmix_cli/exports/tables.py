"""Tables as trainers read them: CSV, TSV, JSON Lines and one JSON list. Rows come one by one; knows no profile."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.formulas import begins_formula, escape_formula
from medcutmix_cli.exports.row import RowFacts

Entry = Mapping[str, Any]
"""One row of a table: plain values by column."""


def columns_of(record: type) -> tuple[str, ...]:
    """Return the columns of a table by its typed record: what its reader asks for first, then what all tables say."""
    facts = RowFacts.__annotations__
    named = list(record.__annotations__)
    return (*(name for name in named if name not in facts), *(name for name in named if name in facts))


def write_table(
    files: PartFiles, path: str, entries: Iterable[Entry], columns: Sequence[str], delimiter: str = ","
) -> None:
    """Write a table with a header; lists are JSON, NaN is an empty cell, texts stand as they are or escaped."""
    with files.open_file(path) as opened, opened.path.open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle, delimiter=delimiter, lineterminator="\n")
        quoted = csv.writer(handle, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        table.writerow(columns)
        for entry in entries:
            cells = [_cell(entry[name], files) for name in columns]
            broken = any(isinstance(cell, str) and "\r" in cell for cell in cells)  # csv would leave it bare
            (quoted if broken else table).writerow(cells)
            opened.rows += 1


def write_lines(files: PartFiles, path: str, entries: Iterable[Entry]) -> None:
    """Write one JSON object a line."""
    with files.open_file(path) as opened, opened.path.open("w", encoding="utf-8", newline="\n") as handle:
        for entry in entries:
            handle.write(json_text(entry) + "\n")
            opened.rows += 1


def write_list(files: PartFiles, path: str, entries: Iterable[Entry]) -> None:
    """Write one JSON list."""
    write_lists(files, path, {"": entries})


def write_lists(files: PartFiles, path: str, lists: Mapping[str, Iterable[Entry]]) -> None:
    """Write one JSON object of lists; a lone list of no name stands by itself."""
    lone = set(lists) == {""}
    with files.open_file(path) as opened, opened.path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.write("" if lone else "{\n")
        for position, (name, entries) in enumerate(lists.items()):
            handle.write(",\n" if position else "")
            handle.write("[" if lone else f"{json.dumps(name)}: [")
            opened.rows += _write_items(handle, entries)
            handle.write("\n]")
        handle.write("\n" if lone else "\n}\n")


def _write_items(handle: TextIO, entries: Iterable[Entry]) -> int:
    count = 0
    for entry in entries:
        handle.write((",\n" if count else "\n") + json_text(entry))
        count += 1
    return count


def json_text(value: Any) -> str:
    """Return JSON on one line; NaN is null, since JSON has none."""
    return json.dumps(_without_nan(value), ensure_ascii=False, allow_nan=False)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, Mapping):
        return {key: _without_nan(inner) for key, inner in value.items()}
    return [_without_nan(inner) for inner in value] if isinstance(value, list | tuple) else value


def _cell(value: Any, files: PartFiles) -> Any:
    if isinstance(value, str):
        return _text(value, files)
    if isinstance(value, float):
        return "" if math.isnan(value) else value
    return json_text(value) if isinstance(value, Mapping | list | tuple) else value


def _text(text: str, files: PartFiles) -> str:
    if not begins_formula(text):
        return text
    files.formulas += 1
    return escape_formula(text) if files.escape_formulas else text
