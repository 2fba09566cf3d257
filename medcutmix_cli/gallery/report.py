"""A report's diff as HTML: what leaves struck through, what enters marked, the words that differ stronger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from medcutmix_cli.gallery.markup import escaped
from medcutmix_cli.pair_view import Piece, Swap

_WORDS = re.compile(r"\s+|[^\s.,;:]+|[.,;:]")
_ALIKE = 0.6
"""Below this share of common words and blanks, stressing what differs would stress nearly all."""


def diff_html(pieces: Sequence[Piece]) -> str:
    """Return the recipient's report turned into the mixed one."""
    marked = []
    for position, piece in enumerate(pieces):
        before = pieces[position - 1] if position else None
        after = pieces[position + 1] if position + 1 < len(pieces) else None
        if piece.change == "removed":
            other = after.text if after and after.change == "inserted" else ""
            marked.append(_marked("del", "removed", _folded(piece.text), other))
        elif piece.change == "inserted":
            other = _folded(before.text) if before and before.change == "removed" else ""
            gap = " " if other else ""
            marked.append(gap + _marked("ins", "inserted", piece.text, other))
        else:
            marked.append(escaped(piece.text))
    return "".join(marked).strip()


def donor_html(report: str, swaps: Sequence[Swap]) -> str:
    """Return the donor's report with the sentences that were taken from it marked."""
    spans = sorted({(swap.source_start, swap.source_end) for swap in swaps if swap.source_start >= 0})
    marked, position = [], 0
    for start, end in spans:
        if start >= position:
            marked += [escaped(report[position:start]), f"<ins>{escaped(report[start:end])}</ins>"]
            position = end
    return "".join([*marked, escaped(report[position:])]).strip()


def _folded(text: str) -> str:
    return " ".join(text.split())


def _marked(tag: str, heard: str, text: str, other: str) -> str:
    return f'<{tag}><span class="heard">[{heard}: </span>{_stressed(text, other)}<span class="heard">]</span></{tag}>'


def _stressed(text: str, other: str) -> str:
    """Stress the words of `text` that `other` does not have in this order."""
    mine, theirs = _WORDS.findall(text), _WORDS.findall(other)
    match = SequenceMatcher(None, [word.lower() for word in mine], [word.lower() for word in theirs], False)
    if match.ratio() < _ALIKE:
        return escaped(text)
    stressed, position = [], 0
    for block in match.get_matching_blocks():
        own = "".join(mine[position : block.a])
        stressed.append(f"<b>{escaped(own)}</b>" if own.strip() else escaped(own))
        stressed.append(escaped("".join(mine[block.a : block.a + block.size])))
        position = block.a + block.size
    return "".join(stressed)
