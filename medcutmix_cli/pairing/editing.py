"""Cut sentences out of a report and put others in, on exact spans. Never changes a character it was not told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from medcutmix_cli.pairing.statements import Refusal, Statement
from medcutmix_cli.records import Edit, Sentence
from medcutmix_cli.reports.sentences import fold


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

    Sentences do not hold their list marker ("1."), so numbers stay. A section gets the donor's sentence of the
    same section, else the donor's main one: findings and impression stay in step.
    """
    edits: list[Edit] = []
    replaced: set[str] = set()
    for sentence in leaving.sentences:
        if sentence.section in replaced:
            if "list-marker" in sentence.flags:
                return Refusal("recipient-list-item-would-vanish")
            edits.append(_deletion(report, sentence))
        else:
            given = coming.in_section(sentence.section) or coming.main
            edits.append(_replacement(sentence, given))
            replaced.add(sentence.section)
    return tuple(sorted(edits, key=lambda edit: edit.start))


def inserted_sentences(leaving: Statement, coming: Statement) -> tuple[Sentence, ...]:
    """Return the donor's sentence for each section that `swap_edits` edits, as a sentence of that section."""
    sections = dict.fromkeys(sentence.section for sentence in leaving.sentences)
    given = ((section, coming.in_section(section) or coming.main) for section in sections)
    return tuple(replace(sentence, section=section) for section, sentence in given)


def _replacement(sentence: Sentence, given: Sentence) -> Edit:
    text = fold(given.text)
    if sentence.text.endswith(".") and not text.endswith((".", "!", "?")):
        text += "."
    removed = fold(sentence.text)
    return Edit(sentence.start, sentence.end, text, sentence.section, removed, given.start, given.end)


def _deletion(report: str, sentence: Sentence) -> Edit:
    """Delete a sentence and the blank before it; line breaks stay unless the sentence's own line is emptied."""
    start = sentence.start
    while start > 0 and report[start - 1] == " " and report[start - 2 : start - 1] not in ("", "\n"):
        start -= 1
    return Edit(start, sentence.end, "", sentence.section, fold(sentence.text))
