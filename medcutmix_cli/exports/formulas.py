"""Cells that a spreadsheet would run (CWE-1236). Trainers read tables with `csv` or pandas, which run nothing.

Text is written as it is: what a reader gets back is what the report says. An id that begins a formula is refused by
name; a text is counted, and written with an apostrophe before it where that was asked for.
"""

from __future__ import annotations

from medcutmix_cli.exports.row import ExportRow

_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What Excel, LibreOffice and Google Sheets take for the beginning of a formula, in both widths."""

ID_IS_FORMULA = "id-begins-a-formula"


def begins_formula(text: str) -> bool:
    """Say whether a spreadsheet may run a cell with this text; white space before it is passed over by some."""
    return text.lstrip().startswith(_STARTS) or text.startswith(("\t", "\r"))


def escape_formula(text: str) -> str:
    """Return a text with an apostrophe before it, which every spreadsheet takes for text."""
    return f"'{text}"


def has_formula_id(row: ExportRow) -> bool:
    """Say whether what a data set calls a row or its parents begins a formula."""
    named = (row.key, row.subject_id, row.study_id, row.donor_subject_id, row.donor_study_id, row.view)
    return any(map(begins_formula, named))
