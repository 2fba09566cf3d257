"""What may stay of a sentence that calls several things normal, or denies a process of several organs.

"The lungs are well expanded." of "well expanded and clear", "No acute cardiac process." of "cardiac or pulmonary",
"The pleural spaces are clear." of "lungs and pleural spaces". Which of them is true is asked elsewhere; words are data
(`rules/clauses.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise

from medcutmix_cli.pairing.clauses import ShortenedSentence, is_denied, mention_content, reread
from medcutmix_cli.pairing.cutting import Span, TextCut, apply_cuts
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Mention, Sentence
from medcutmix_cli.reports.sentences import unwrap

_GAP = r"(?:\s*,\s*(?:and|or|nor)\s+|\s*,\s*|\s+(?:and|or|nor)\s+|/)(?:the\s+)?"
_COMMA = re.compile(r"^\s*,\s*(?=\w)")
_MOST = 5


@dataclass(frozen=True, slots=True)
class _Listing:
    """Where the members of a list stand in a text, and which sets of them may stay alone."""

    members: tuple[Span, ...]
    kept: tuple[tuple[int, ...], ...]


def shortened_normals(sentence: Sentence) -> Iterator[ShortenedSentence]:
    """Yield a sentence without one or more of the things that it calls normal, what says most first."""
    text = unwrap(sentence.text)
    told = set(map(_content, sentence.mentions))
    for cuts in _ways(text):
        left = apply_cuts(sentence.text, cuts)
        sentences = reread(left)
        if told.issuperset(_content(m) for s in sentences for m in s.mentions):
            yield ShortenedSentence(cuts, left, sentences, first=cuts[0].start == 0)


def _content(mention: Mention) -> tuple[object, ...]:
    """Return what a mention says; of a denial not where: "the lungs and angles" are on both sides, "the angles" too."""
    return (mention.finding, mention.assertion) if is_denied(mention) else mention_content(mention)


def _ways(text: str) -> Iterator[tuple[TextCut, ...]]:
    for name in ("clear", "full"):
        for pattern in _adjectives(name):
            yield from (_tidied(text, (TextCut(*m.span(name)),)) for m in pattern.finditer(text))
    for listing in _listings(text):
        yield from (_tidied(text, _cuts_to(text, listing.members, kept)) for kept in listing.kept)


def _tidied(text: str, cuts: tuple[TextCut, ...]) -> tuple[TextCut, ...]:
    """Return cuts that leave a capital at the front."""
    first, *rest = cuts
    if first.start > 0 or first.literal:
        return cuts
    return (TextCut(0, first.end + 1, text[first.end].upper()), *rest)


def _listings(text: str) -> Iterator[_Listing]:
    words = table("clauses")["listed"]
    denied = _denied().match(text)
    if denied:
        members = _members(words["organ"], denied)
        yield _Listing(members, tuple(_smaller(len(members))))
    called = _called().match(text)
    if called:
        members = _members(words["part"], called)
        yield _Listing(members, tuple(k for k in _smaller(len(members)) if _may_stay(text, members, k)))


def _members(member: str, found: re.Match[str]) -> tuple[Span, ...]:
    start = found.start("list")
    pattern = re.compile(rf"\b{member}\b", re.IGNORECASE)
    return tuple((start + m.start(), start + m.end()) for m in pattern.finditer(found.group("list")))


def _smaller(size: int) -> Iterator[tuple[int, ...]]:
    """Yield which members of a list may stay, larger sets first."""
    for count in range(size - 1, 0, -1) if size <= _MOST else ():
        yield from combinations(range(size), count)


def _may_stay(text: str, members: Sequence[Span], kept: Sequence[int]) -> bool:
    """Say whether a verb for several still fits: not "The heart are normal."."""
    return len(kept) > 1 or _several().search(text[slice(*members[kept[0]])]) is not None


def _cuts_to(text: str, members: Sequence[Span], kept: Sequence[int]) -> tuple[TextCut, ...]:
    """Return the cuts that leave some members of a list, joined as the list was."""
    gaps = [(a[1], b[0]) for a, b in pairwise(members)]
    last = text[slice(*gaps[-1])]
    joined = _COMMA.sub(" ", last) if len(kept) == 2 else last
    cuts = [TextCut(members[0][0], members[kept[0]][0])] if kept[0] else []
    for a, b in pairwise(kept):
        literal = joined if b == kept[-1] else text[slice(*gaps[0])]
        gap = (members[a][1], members[b][0])
        if text[slice(*gap)] != literal:
            cuts.append(TextCut(*gap, literal))
    if kept[-1] < len(members) - 1:
        cuts.append(TextCut(members[kept[-1]][1], members[-1][1]))
    return tuple(cuts)


@cache
def _adjectives(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return where one of two words for lungs stands before the other, and behind it."""
    words = table("clauses")["lungs"]
    own, other = words[name], words["full" if name == "clear" else "clear"]
    before = rf"\b(?P<{name}>{own},? (?:and )?){other}\b"
    behind = rf"\b{other}(?P<{name}>,? and {own})\b(?! of)"
    return re.compile(before, re.IGNORECASE), re.compile(behind, re.IGNORECASE)


@cache
def _denied() -> re.Pattern[str]:
    words = table("clauses")["listed"]
    organs = rf"{words['organ']}(?:{_GAP}{words['organ']})+"
    return re.compile(rf"{words['opening']} (?P<list>{organs})\s+{words['noun']}\b", re.IGNORECASE)


@cache
def _called() -> re.Pattern[str]:
    words = table("clauses")["listed"]
    parts = rf"{words['part']}(?:{_GAP}{words['part']})+"
    return re.compile(rf"(?:(?:the|both) )?(?P<list>{parts})\s+{words['verb']}\b", re.IGNORECASE)


@cache
def _several() -> re.Pattern[str]:
    return re.compile(table("clauses")["listed"]["several"], re.IGNORECASE)
