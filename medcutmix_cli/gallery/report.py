"""A report's diff as HTML: what leaves struck through, what enters marked, the words that differ stronger.

In what stays and what enters, which together are the mixed report, the findings it names are marked as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from medcutmix_cli.gallery.markup import words
from medcutmix_cli.inspection.pair_record import EntityView, Piece, SentenceSwap
from medcutmix_cli.sides import side_word
from medcutmix_cli.system.plain_text import escape_html as escape

_WORDS = re.compile(r"\s+|[^\s.,;:]+|[.,;:]")
_ALIKE = 0.6
"""Below this share of common words and blanks, stressing what differs would stress nearly all."""

_ASSERTIONS = frozenset({"present", "absent", "uncertain", "resolved"})


def diff_html(pieces: Sequence[Piece], entities: Sequence[EntityView] = ()) -> str:
    """Return the recipient's report turned into the mixed one.

    Args:
        pieces: In the order of the report.
        entities: Findings named in the mixed report, which is the pieces without those removed.
    """
    marked = []
    mixed = 0
    for position, piece in enumerate(pieces):
        before = pieces[position - 1] if position else None
        after = pieces[position + 1] if position + 1 < len(pieces) else None
        if piece.change == "removed":
            other = after.text if after and after.change == "inserted" else ""
            marked.append(_marked("del", "removed", _folded(piece.text), other))
            continue
        inside = _within(entities, mixed, len(piece.text))
        mixed += len(piece.text)
        if piece.change == "inserted":
            other = _folded(before.text) if before and before.change == "removed" else ""
            marked.append((" " if other else "") + _marked("ins", "inserted", piece.text, other, inside))
        else:
            marked.append(_runs(piece.text, [False] * len(piece.text), inside))
    return "".join(marked).strip()


def donor_html(report: str, swaps: Sequence[SentenceSwap]) -> str:
    """Return the donor's report with the sentences that were taken from it marked."""
    spans = sorted({(swap.source_start, swap.source_end) for swap in swaps if swap.source_start >= 0})
    marked, position = [], 0
    for start, end in spans:
        if start >= position:
            marked += [escape(report[position:start]), f"<ins>{escape(report[start:end])}</ins>"]
            position = end
    return "".join([*marked, escape(report[position:])]).strip()


def _folded(text: str) -> str:
    return " ".join(text.split())


def _within(entities: Sequence[EntityView], start: int, length: int) -> list[EntityView | None]:
    """Return for each character of a stretch of the mixed report the entity that it is of."""
    owners: list[EntityView | None] = [None] * length
    for entity in entities:
        for place in range(max(entity.start - start, 0), min(entity.end - start, length)):
            owners[place] = entity
    return owners


def _marked(
    tag: str, heard: str, text: str, other: str, owners: Sequence[EntityView | None] | None = None
) -> str:
    body = _runs(text, _stressed(text, other), owners or [None] * len(text))
    return f'<{tag}><span class="heard">[{heard}: </span>{body}<span class="heard">]</span></{tag}>'


def _runs(text: str, stressed: Sequence[bool], owners: Sequence[EntityView | None]) -> str:
    """Return a text with its entities marked and, inside and outside of them, what is stressed."""
    marked, places = [], range(len(text))
    for entity, run in groupby(places, key=lambda place: owners[place]):
        body = "".join(_bold(text, stressed, run))
        marked.append(body if entity is None else f"{_opening(entity)}{body}</mark>")
    return "".join(marked)


def _bold(text: str, stressed: Sequence[bool], places: Iterator[int]) -> Iterator[str]:
    for strong, run in groupby(places, key=lambda place: stressed[place]):
        own = escape("".join(text[place] for place in run))
        yield f"<b>{own}</b>" if strong else own


def _opening(entity: EntityView) -> str:
    word = side_word(entity.side)
    side = f", {word}" if word else ""
    kind = entity.assertion if entity.assertion in _ASSERTIONS else "other"
    return f'<mark class="{kind}" title="{words(entity.finding)}: {escape(entity.assertion + side)}">'


def _stressed(text: str, other: str) -> list[bool]:
    """Say of each character whether its word is one that `other` does not have in this order."""
    mine, theirs = _WORDS.findall(text), _WORDS.findall(other)
    match = SequenceMatcher(None, [word.lower() for word in mine], [word.lower() for word in theirs], False)
    if match.ratio() < _ALIKE:
        return [False] * len(text)
    common = [False] * len(mine)
    for block in match.get_matching_blocks():
        common[block.a : block.a + block.size] = [True] * block.size
    stretches = _stretches(list(zip(mine, common, strict=True)))
    return [strong for stretch, strong in stretches for word in stretch for _ in word]


def _stretches(compared: Sequence[tuple[str, bool]]) -> Iterator[tuple[list[str], bool]]:
    """Yield stretches of words with whether they are stressed: not where a stretch is nothing but blanks."""
    for shared, run in groupby(compared, key=lambda entry: entry[1]):
        stretch = [word for word, _ in run]
        yield stretch, not shared and bool("".join(stretch).strip())
