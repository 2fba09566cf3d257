"""Cut sentences out of a report and put others in, on exact spans. Never changes a character it was not told to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from medcutmix_cli.pairing.statements import Refusal, Statement
from medcutmix_cli.records import Edit, Sentence
from medcutmix_cli.reports.sentences import fold

_LIST_MARKER = re.compile(r"\s*(?:\d{1,2}[.)]|[-*•])\s+")


def splice(report: str, edits: Sequence[Edit]) -> str:
    """Apply edits to the original report.

    Args:
        report: The recipient's original report.
        edits: Sorted by start, without overlap; offsets into `report`.

    Raises:
        ValueError: Edits overlap or leave the report.
    """
    pieces: list[str] = []
    position = 0
    for edit in edits:
        if not position <= edit.start <= edit.end <= len(report):
            raise ValueError(f"edit {edit.start}:{edit.end} overlaps another or leaves the report")
        pieces += [report[position : edit.start], edit.text]
        position = edit.end
    return "".join([*pieces, report[position:]])


def swap_edits(report: str, leaving: Statement, coming: Statement) -> tuple[Edit, ...] | Refusal:
    """Exchange a statement: in each section the first sentence is replaced, the others are deleted.

    A section gets the donor's sentence of the same section, else the donor's main one: findings and impression
    stay in step.
    """
    edits: list[Edit] = []
    replaced: set[str] = set()
    for sentence in leaving.sentences:
        if sentence.section in replaced:
            if _marker_length(report, sentence):
                return Refusal("recipient-list-item-would-vanish")
            edits.append(_deletion(report, sentence))
        else:
            given = coming.in_section(sentence.section) or coming.main
            edits.append(_replacement(report, sentence, given))
            replaced.add(sentence.section)
    return tuple(sorted(edits, key=lambda edit: edit.start))


def inserted_sentences(leaving: Statement, coming: Statement) -> tuple[Sentence, ...]:
    """Return the donor's sentence for each section that `swap_edits` edits, in the order of the sections."""
    sections = dict.fromkeys(sentence.section for sentence in leaving.sentences)
    return tuple(coming.in_section(section) or coming.main for section in sections)


def _replacement(report: str, sentence: Sentence, given: Sentence) -> Edit:
    start = sentence.start + _marker_length(report, sentence)
    offset = _LIST_MARKER.match(given.text)
    source_start = given.start + (offset.end() if offset else 0)
    text = fold(given.text[offset.end() :] if offset else given.text)
    if report[start : sentence.end].rstrip().endswith(".") and not text.endswith((".", "!", "?")):
        text += "."
    removed = fold(report[start : sentence.end])
    return Edit(start, sentence.end, text, sentence.section, removed, source_start, given.end)


def _deletion(report: str, sentence: Sentence) -> Edit:
    """Delete a sentence and the blank before it; line breaks stay unless the sentence's own line is emptied."""
    start = sentence.start
    while start > 0 and report[start - 1] == " " and report[start - 2 : start - 1] not in ("", "\n"):
        start -= 1
    return Edit(start, sentence.end, "", sentence.section, fold(sentence.text))


def _marker_length(report: str, sentence: Sentence) -> int:
    """Return how many characters of the sentence are its list marker ("1. "), which stays."""
    marker = _LIST_MARKER.match(report, sentence.start, sentence.end)
    return marker.end() - sentence.start if marker else 0
