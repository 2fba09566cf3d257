"""Section body -> sentences with offsets, by scispaCy's sentence component. Knows no finding.

A paragraph is cut first where a full stop leaves no doubt, and each piece goes to the component by itself.
So how one sentence splits never depends on its neighbours (mixed reports are read again), and pieces that
reports share are split once per process.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from medcutmix_cli.reports.form_parts import label_lines
from medcutmix_cli.reports.pipeline import sentences_of
from medcutmix_cli.reports.tables import table

BULLET = "[-*•+]"
"""What begins an item of a list that has no number."""

_LINE_BREAK = re.compile(r"[\r\n\t\v\f\x1c-\x1f\x85\u2028\u2029]")
# Blank lines, lines of underscores (above an addendum) and new list items end a paragraph.
_PARAGRAPH_END = re.compile(
    rf"\r?\n[^\S\n]*(?:\r?\n|_{{5,}}[^\S\n]*(?=\r?\n|$)|(?=(?:\(?\d{{1,2}}[.)]|{BULLET})[^\S\n]))"
)
# "1. ", "2) ", "(3) ", "- " at the start of a line or right after a sentence's end.
_LIST_MARKER = re.compile(rf"(?:\(?\d{{1,2}}[.)]|{BULLET})(?=\s+\S)|\d{{1,2}}\.(?=[A-Z][a-z])")
_MARKER_INSIDE = re.compile(r"(?<=[.;:!?])\s+(?=\(?\d{1,2}[.)]\s+[A-Z])")
# "1. Small effusion 2. No edema.": a new item without a stop before it.
_NUMBER_INSIDE = re.compile(r"(?<=[A-Za-z])\s+(?=(\d{1,2})[.)]\s+[A-Z])")
# A full stop in no doubt: after a lower-case word of three letters or more, before a capitalised word, "A" or a size;
# after a size or the mark of removed text, before a capitalised word or "A".
_CERTAIN_STOP = re.compile(
    r"(?<=[a-z]{3}[.!?])(?:[ ]*(?=[A-Z][a-z])|[ ]+(?=A +[a-z]|X{4} |\d+(?:\.\d+)? ?[mc]m\b))"
    r"|(?:(?<=\d [cm]m[.])|(?<=___[.])|(?<=X{4}[.]))[ ]+(?=[A-Z][a-z]|A +[a-z])|(?<=[a-z]{3}\.\.)[ ]+(?=[A-Z][a-z])"
    # no stop at all: a new subject with its capital ("markings The lungs are")
    r"|(?<=[a-z]{4})[ ]+(?=(?:The (?:heart|lungs?|cardi|mediastin|osse|bon[ey]|pleura|visuali|trache|aort)"
    r"|There (?:is|are) |No [a-z]))"
)
# scispaCy's and radiology's abbreviations that end in three lower-case letters.
_ABBREVIATION = re.compile(
    r"\b(?:approx|meas|resp|prev|comp|subq|dept|vert|bilat|lat|post|ant|inf|sup|max|min|misc|fig|figs)\.$",
    re.IGNORECASE,
)
# Without one of these before its end a piece is one sentence to the component too (tested); skipping is faster.
# A point or colon between digits ("4.2 cm", "10:42") is none.
_MARK_INSIDE = re.compile(r"(?!(?<=\d)[.:](?=\d))[^\w\s,'%/-](?!$)")
_UNDERSCORES = re.compile(r"_+")
# "? pneumonia", "opacity ?infiltrate": the mark asks about what follows and ends nothing. "v." is "versus".
_QUERY = re.compile(r"(?:(?<![^\s(])\?+(?=\s*[A-Za-z])|\?+(?=\s+[a-z])|(?<=\sv)\.(?=\s+[a-z]))")


def fold(text: str) -> str:
    """Return `text` with every run of white space as one space, stripped."""
    return " ".join(text.split())


def unwrap(text: str) -> str:
    """Return `text`, same length, with every line break and tab as a space."""
    return _LINE_BREAK.sub(" ", text)


def split_sentences(report: str, start: int, end: int) -> list[tuple[int, int, bool]]:
    """Return the sentences of `report[start:end]`.

    Returns:
        (start, end, follows a list marker) per sentence, offsets into `report`, no white space at the ends,
        list markers left out.
    """
    found: list[tuple[int, int, bool]] = []
    for piece_start, piece_end in _pieces(report, start, end):
        piece = unwrap(report[piece_start:piece_end])
        marker = _LIST_MARKER.match(piece)
        body = marker.end() if marker else 0
        spans = _split_piece(piece[body:])
        for index, (begin, stop) in enumerate(spans):
            offset = piece_start + body
            found.append((offset + begin, offset + stop, marker is not None and index == 0))
    return found


def _pieces(report: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut at paragraph ends, list markers and full stops that leave no doubt; strip what is left."""
    ends = [(m.start(), m.end()) for m in _PARAGRAPH_END.finditer(report, start, end)]
    ends += [title for span in _between(ends, start, end) for title in _titles(report, *span)]
    lines = [
        line
        for line in label_lines(report, start, end)
        if not any(b < line[1] and line[0] < e for b, e in ends)
    ]
    cuts = sorted((*ends, *lines))
    pieces: list[tuple[int, int]] = []
    for left, right in _between(cuts, start, end):
        text = unwrap(report[left:right])
        inner = [(m.start(), m.end()) for m in _MARKER_INSIDE.finditer(text)]
        inner += [(m.start(), m.end()) for m in _NUMBER_INSIDE.finditer(text) if _goes_on(text, m)]
        inner += [
            (m.start(), m.end()) for m in _CERTAIN_STOP.finditer(text) if not _abbreviated(text, m.start())
        ]
        for begin, stop in _between(sorted(set(inner)), 0, len(text)):
            begin, stop = _stripped(text, begin, stop)
            if begin < stop:
                pieces.append((left + begin, left + stop))
    return pieces


def _titles(report: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the end of the line that tells what was taken, if a paragraph begins with one."""
    title = _title().match(report, start, end)
    return [title.span("end")] if title else []


@cache
def _title() -> re.Pattern[str]:
    """Return a first line such as "XR CHEST AP ERECT", before a line that begins a sentence."""
    rules = table("sections")["title"]
    return re.compile(
        rf"\s*(?=[^\n]*(?i:{rules['names']}))(?i:{rules['words']})[^\S\n]*(?P<end>\r?\n[^\S\n]*)(?=[A-Z])"
    )


def _goes_on(text: str, number: re.Match[str]) -> bool:
    """Say whether a number inside a line goes on with a list: the one before it stands earlier."""
    before = int(number.group(1)) - 1
    return before > 0 and re.search(rf"(?:^|\s){before}[.)]\s", text[: number.start()]) is not None


def _abbreviated(text: str, stop: int) -> bool:
    return _ABBREVIATION.search(text, max(0, stop - 12), stop) is not None


def _between(cuts: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    edges = [start, *(edge for cut in cuts for edge in cut), end]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i] < edges[i + 1]]


@lru_cache(maxsize=1 << 15)
def _split_piece(piece: str) -> tuple[tuple[int, int], ...]:
    """Return the sentences of one piece (no line breaks) as offsets into it; those without a letter are left out."""
    if not any(character.isalpha() for character in piece):
        return ()
    if not _MARK_INSIDE.search(piece):
        return (_stripped(piece, 0, len(piece)),)
    # The mark of removed text is no punctuation: an equally long word stands for it.
    protected = _QUERY.sub(_unmarked, _UNDERSCORES.sub(_unmarked, piece))
    starts = [sentence.start_char for sentence in sentences_of(protected)]
    spans = zip([0, *starts[1:]], [*starts[1:], len(piece)], strict=True)
    return tuple(_stripped(piece, *span) for span in spans if any(c.isalpha() for c in piece[slice(*span)]))


def _unmarked(match: re.Match[str]) -> str:
    return "X" * len(match.group())


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    return start, start + len(part.strip())
