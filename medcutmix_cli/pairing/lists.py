"""Numbered and bulleted lists of a report: which sentences an item holds, and how numbers stay in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medcutmix_cli.records import Edit, Sentence
from medcutmix_cli.reports.sentences import BULLET

_MARKER = re.compile(rf"(?P<open>\(?)(?P<number>\d{{1,2}})(?P<close>[.)])\s*$|(?P<bullet>{BULLET})\s*$")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\r?\n")


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list.

    Attributes:
        start: Where its marker begins, offset into the report.
        digits: Where its number stands, (0, 0) for a bullet.
        number: Its number, 0 for a bullet.
        marker: The marker as printed.
        sentences: What it holds.
    """

    start: int
    digits: tuple[int, int]
    number: int
    marker: str
    sentences: tuple[Sentence, ...]


def items_of(report: str, sentences: Sequence[Sentence]) -> tuple[ListItem, ...]:
    """Return the list items among the sentences of one section, which are in order."""
    items: list[ListItem] = []
    for sentence in sentences:
        begun = _begun(report, sentence) if "list-marker" in sentence.flags else None
        if begun:
            items.append(begun)
        elif items and items[-1].sentences[-1].section == sentence.section:
            last = items[-1]
            if not _BLANK_LINE.search(report, last.sentences[-1].end, sentence.start):
                held = (*last.sentences, sentence)
                items[-1] = ListItem(last.start, last.digits, last.number, last.marker, held)
    return tuple(items)


def _begun(report: str, sentence: Sentence) -> ListItem | None:
    before = max(0, sentence.start - 24)
    found = _MARKER.search(report[before : sentence.start])
    if not found:
        return None
    digits = found.span("number") if found.group("number") else (-before, -before)
    return ListItem(
        before + found.start(),
        (before + digits[0], before + digits[1]),
        int(found.group("number") or 0),
        found.group().rstrip(),
        (sentence,),
    )


def renumbering(items: Sequence[ListItem], gone: Iterable[ListItem]) -> tuple[Edit, ...] | None:
    """Return the edits that close the gaps in the numbers of a list; None where its numbers are in no order."""
    leaving = set(gone)
    edits: list[Edit] = []
    shift, previous = 0, 0
    for item in items:
        if item.number <= previous:
            shift = 0  # another list, or bullets
        elif previous and item.number != previous + 1 and leaving:
            return None
        previous = item.number
        if item in leaving:
            shift += 1
        elif shift and item.number:
            section = item.sentences[0].section
            edits.append(Edit(*item.digits, str(item.number - shift), section, str(item.number)))
    return tuple(edits)


def next_marker(report: str, items: Sequence[ListItem], end: int) -> str:
    """Return what a new item behind the last one begins with: blanks as before the last marker, next number."""
    last = items[-1]
    number = last.number
    while last.number and re.search(rf"(?<!\S){number + 1}[.)](?!\d)", report[last.start : end]):
        number += 1  # an item whose marker was taken for a part of its sentence: "2. 17 mm opacity."
    marker = last.marker.replace(str(last.number), str(number + 1), 1) if last.number else last.marker
    gap = report[len(report[: last.start].rstrip()) : last.start]
    if len(items) == 1:
        line = report[report.rfind("\n", 0, last.start) + 1 : last.start]
        gap = "\n" + line if not line.strip() else " "
    return f"{gap or ' '}{marker} "
