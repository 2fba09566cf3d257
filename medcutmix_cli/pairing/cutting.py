"""A sentence as parts between its marks, and the ways to leave some of them out. Knows grammar, not what is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from medcutmix_cli.pairing.observations import observations
from medcutmix_cli.pairing.tables import table

_JOINER = r"(?:and|or|but|nor|as well as|plus)"
_MARK = re.compile(
    rf"\s*[,;]\s*{_JOINER}\s+|\s*[,;]\s+|\s+{_JOINER}\s+"
    r"|(?<!consistent)(?<!compatible)(?<!keeping)(?<!compared)(?<!along)\s+(?=with\s)"
    r"|\s+(?=without\s)|\s+(?=(?:causing|producing|resulting in)\s)"
    r"|\s+(?=(?:except|except(?:ing)? for|(?:aside|apart) from|other than|with the exception of)\s)",
    re.IGNORECASE,
)
_LEADING = re.compile(r"(?:with|while|although)\s+", re.IGNORECASE)
_JOINED = re.compile(rf"\b{_JOINER}\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|appears?|remains?|shows?|demonstrates?)\b", re.IGNORECASE
)
_SIDE = re.compile(r"\b(?:left|right|bilateral|bibasilar)\b[ -](?:sided )?", re.IGNORECASE)
_COURSE = re.compile(
    r"(?:new|unchanged|stable|persistent|increas\w+|decreas\w+|improv\w+|worsen\w+|resolv\w+)\b",
    re.IGNORECASE,
)
_WITHOUT = re.compile(r"without(?: any)?\b|with no\b", re.IGNORECASE)
FRAGMENT = re.compile(
    r"(?:with|without|and|or|but|nor|which|while|represents?|reflects?|suggests?|may|might|could|is|are|was|were|has|have)\b",
    re.IGNORECASE,
)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TextCut:
    """One change inside a sentence: `text[start:end]` gives way to `literal`; offsets into the sentence's text."""

    start: int
    end: int
    literal: str = ""


@dataclass(frozen=True, slots=True)
class ClausePart:
    """A stretch of the sentence between two marks, and the mark before it."""

    start: int
    end: int
    mark: str
    leaves: bool
    stays: bool


def parts_of(text: str, spans: Sequence[Span], gone: set[Span]) -> list[ClausePart]:
    """Cut a sentence at its marks; a mark inside the words of a finding is none."""
    body = len(text.rstrip(" .!?:;,"))
    marks = [
        m.span()
        for m in _MARK.finditer(text, 0, body)
        if m.start() > 0 and not any(start < m.end() and m.start() < end for start, end in spans)
    ]
    marks = sorted((*marks, *_left_out_commas(text, spans)))
    starts, ends = [0, *(end for _, end in marks)], [*(start for start, _ in marks), body]
    before = ["", *(text[slice(*mark)] for mark in marks)]
    return [
        ClausePart(
            start,
            end,
            mark,
            any(start <= a and b <= end and (a, b) in gone for a, b in spans),
            any(start <= a and b <= end and (a, b) not in gone for a, b in spans),
        )
        for start, end, mark in zip(starts, ends, before, strict=True)
    ]


def _left_out_commas(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return the blanks between findings that a denied list names without commas: "No nodules masses or effusions."."""
    gaps = [(one[1], other[0]) for one, other in pairwise(spans) if text[one[1] : other[0]].isspace()]
    return [
        (start, end)
        for start, end in gaps
        if _OPENED.search(text[:start].lower()) and _JOINED.search(text, end)
    ]


def ways_without(text: str, parts: list[ClausePart], named: int) -> Iterator[tuple[TextCut, ...]]:
    """Yield ways to take the leaving parts out, best first; `named` is where the first leaving finding begins."""
    kept = _kept(text, parts)
    if not kept or _loses_predicate(text, parts, kept):
        return
    heads: Iterable[list[TextCut]] = [[]] if kept[0] == 0 else _heads(text, parts[0], parts[kept[0]], named)
    for head in heads:
        for opened in (True, False):
            yield tuple(
                _trimmed(text, cut) for cut in [*head, *_inner_cuts(text, parts, kept, opened=opened)]
            )


def _loses_predicate(text: str, parts: list[ClausePart], kept: list[int]) -> bool:
    """Say whether a verb leaves with the last part that the first ones need: "effusion and atelectasis are small"."""
    last, final = parts[kept[-1]], parts[-1]
    if last is final or not _VERB.search(text, final.start, final.end):
        return False
    staying = text[parts[kept[0]].start : last.end]
    opened = _OPENED.match(staying.lower()) or _OPENED.match(text.lower())
    return not _VERB.search(staying) and not opened and not _own_statement(text, final)


def _kept(text: str, parts: list[ClausePart]) -> list[int] | None:
    """Return the parts that stay; one without finding leaves with a present finding that it says more of."""
    kept: list[int] = []
    after_leaving = False
    for index, part in enumerate(parts):
        words = text[part.start : part.end].lower()
        if part.leaves:
            after_leaving = True
        elif _needs_leaving(parts, index, words, after_leaving=after_leaving):
            return None
        elif not part.stays and after_leaving and only_modifies(words):
            continue
        elif not part.stays and after_leaving and not _goes_on(text, part):
            return None
        else:
            after_leaving = after_leaving and not part.stays
            kept.append(index)
    if any(parts[k].stays for k in kept):
        return kept
    firsts = [k for k in kept if k - 1 not in kept]  # what follows one that stays goes on with it
    stands = kept and all(_stands(text[parts[k].start : parts[k].end].lower()) for k in firsts)
    return kept if stands else None


def _needs_leaving(parts: list[ClausePart], index: int, words: str, *, after_leaving: bool) -> bool:
    """Say whether a part speaks of one beside it that leaves: back at it behind a comma, or as its adjective."""
    part, behind = parts[index], parts[index + 1 :]
    back = after_leaving and "," in part.mark and not _JOINED.search(part.mark) and _points_back(words)
    return back or (not part.stays and _awaits_noun(words) and bool(behind) and behind[0].leaves)


def _awaits_noun(words: str) -> bool:
    """Say whether a part without finding ends with an adjective of the next one's: "no acute" or focal infiltrate."""
    return any(word in table("clauses")["unfit"] for word in words.split()[-1:])


def _goes_on(text: str, part: ClausePart) -> bool:
    """Say whether a part without finding stays behind one that leaves: of a denied list, or seen by itself."""
    before, words = text[: part.start].lower(), text[part.start : part.end].lower()
    if _OPENED.search(before):
        return True
    beside = words.startswith("with ") or "and" in part.mark.lower().split()
    return beside and not _SUPPOSED.search(before) and _is_observation(words)


def _is_observation(words: str) -> bool:
    """Say whether words name what a picture shows, and nothing else: "with mild bronchovascular crowding"."""
    seen = words
    for found in observations(words):
        seen = seen.replace(found, " ")
    listed = frozenset((*table("clauses")["modifier"]["words"], *table("clauses")["degree"]["words"]))
    return seen != words and all(word in listed for word in seen.split())


def _stands(words: str) -> bool:
    """Say whether a part without finding can stand by itself."""
    listed = words.split()
    if _THERE_IS.match(words) or (len(listed) == 1 and observations(words)) or _is_observation(words):
        return True
    return len(listed) > 1 and listed[0] not in table("clauses")["dependent"]["words"]


_THERE_IS = re.compile(r"there (?:is|are|was|were) (?!no\b|also\b)\w+")
_SUPPOSED = re.compile(
    r"\b(?:may|might|could|consider|possib\w+|probab\w+|likely|suggest\w+|suspicious|versus|vs|or|represent\w*|reflect\w*"
    r"|consistent|compatible|concern\w+|x{3,})\b"
)
_OPENED = re.compile(r"\b(?:no|without|free of|clear of|negative for)\b")


def _points_back(words: str) -> bool:
    first = next((word for word in words.split() if word not in ("the", "a", "an")), "")
    return first in table("clauses")["pointing"]["words"]


def only_modifies(words: str) -> bool:
    """Say whether lower-case words only say more of what stands beside them ("unchanged", "greater on the left")."""
    listed = frozenset(table("clauses")["modifier"]["words"])
    return all(word in listed or word[0].isdigit() for word in re.findall(r"[a-z]+|\d[\d.]*", words))


def _inner_cuts(text: str, parts: list[ClausePart], kept: list[int], *, opened: bool) -> list[TextCut]:
    """Close the gaps behind the first part that stays; the conjunction of a list moves to its new last.

    With `opened` a denial that opens a list inside the sentence stays: "clear, without effusion or edema".
    """
    cuts: list[TextCut] = []
    tail = parts[kept[-1] + 1 :]
    final = _JOINED.search(parts[-1].mark) if tail else None
    for one, other in pairwise(kept):
        marks = [part.mark for part in parts[one + 1 : other + 1]]
        start, own = parts[other].start, _own_statement(text, parts[other])
        opening = _opener_pattern().match(text, parts[one + 1].start, parts[one + 1].end)
        if opened and parts[one + 1].leaves and opening and opening.group("negation") and not own:
            cuts.append(TextCut(_before_unfit(text, opening.end(), start), start, ""))
            continue
        if other > one + 1:
            start = past_relation(text, start) if not parts[other].leaves else start
        two = _leaves_two(text, parts, kept, one)
        mark = _mark(marks, two and not own)
        led = FRAGMENT.match(text, parts[other].start)  # "with edema" is joined by its own word
        bare = parts[one].stays and parts[other].stays and mark.isspace() and not led
        if final and other == kept[-1] and not _JOINED.search(mark) and (mark.strip() == "," or bare):
            mark = (
                f" {final.group()} "
                if two or bare
                else f"{',' if ',' in parts[-1].mark else ''} {final.group()} "
            )
        cuts.append(TextCut(parts[one].end, start, mark))
    if tail:
        cuts.append(TextCut(parts[kept[-1]].end, parts[-1].end))
    return [cut for cut in cuts if text[cut.start : cut.end] != cut.literal]


def _leaves_two(text: str, parts: list[ClausePart], kept: list[int], one: int) -> bool:
    """Say whether two members stay of the list of more that part `one` is of: no comma stands between them."""
    adverb = len(text[parts[0].start : parts[0].end].split()) == 1  # "Specifically, no ..." opens no list
    first = 1 if adverb and not parts[0].stays and one else 0
    opens = [k for k, part in enumerate(parts) if k == first or not part.mark.strip()]
    start = max(k for k in opens if k <= one)
    stop = min((k for k in opens if k > one), default=len(parts))
    return sum(start <= k < stop for k in kept) == 2 and stop - start > 2


def _mark(marks: list[str], two: bool) -> str:
    """Choose what stands between two parts that had `marks` between them and what left."""
    first, last = marks[0], marks[-1]
    joined = _JOINED.search(last)
    if joined and two and "," in last:
        return f" {joined.group()} "
    # "edema with effusion; no line": the "with" left no mark of its own.
    parted = ";" in last or not first.strip()
    return last if joined or parted or not last.strip() else first


def _trimmed(text: str, cut: TextCut) -> TextCut:
    """Return the same change without the characters at its ends that do not change."""
    start, end, literal = cut.start, cut.end, cut.literal
    while literal and start < end and text[end - 1] == literal[-1]:
        end, literal = end - 1, literal[:-1]
    while literal and start < end and text[start] == literal[0]:
        start, literal = start + 1, literal[1:]
    return TextCut(start, end, literal)


def _heads(text: str, first: ClausePart, following: ClausePart, named: int) -> Iterator[list[TextCut]]:
    """Yield ways to begin the sentence with a later part: with its opening words ("There is no"), some, or none."""
    start = past_relation(text, following.start)
    found = _opener_pattern().match(text, first.start, first.end)
    verb, opened = (max(0, found.end("verb")), found.end()) if found else (0, 0)
    denies = bool(found and found.group("negation"))
    # "New left effusion; unchanged consolidation": nothing before the first is said of the second.
    apart = ";" in following.mark or _COURSE.match(text, start) is not None
    opened = opened if denies or verb or not apart else 0
    article = re.match(r"(?:the|a|an)\s", text[start:], re.IGNORECASE) is not None
    if not _own_statement(text, following) and not (denies and article):
        opened = _before_unfit(text, opened, start)
        states = verb and _VERB.search(text, start, following.end)
        if opened and not states:
            yield [TextCut(opened, start)]
        if verb and denies:
            begin = verb + len(text[verb:]) - len(text[verb:].lstrip())
            yield [*_capitalised(text, begin), TextCut(opened, start)]
    without = _WITHOUT.match(text, start)
    if without:
        yield [TextCut(0, without.end(), "No")]
    if not FRAGMENT.match(text, start):
        yield _capitalised(text, start)
    if not apart and not _own_statement(text, following) and not FRAGMENT.match(text, start):
        # Last, what two findings share: "Bilateral effusions and atelectasis", not "Left is seen with".
        side = _SIDE.search(text, first.start, named)
        yield [TextCut(named, start)]
        if side:
            yield [*_capitalised(text, side.start()), TextCut(side.end(), start)]


def past_relation(text: str, start: int) -> int:
    """Step over words that relate what follows to what left: "with adjacent ..."."""
    lead = _LEADING.match(text, start)
    start = lead.end() if lead else start
    for word in table("clauses")["relation"]["words"]:
        found = re.compile(rf"{word}\s+", re.IGNORECASE).match(text, start)
        start = found.end() if found else start
    return start


def _before_unfit(text: str, opened: int, start: int) -> int:
    """Step back from the end of opening words over adjectives that do not go with what follows: "no acute" effusion."""
    words = text[:opened].split()
    unfit = table("clauses")["unfit"]
    following = " ".join(re.findall(r"[a-z]+", text[start:].lower()))
    if not words or words[-1].lower() not in unfit or not re.match(unfit[words[-1].lower()], following):
        return opened
    return _before_unfit(text, text.rindex(words[-1], 0, opened), start)


def _own_statement(text: str, part: ClausePart) -> bool:
    words = text[part.start : part.end].lower()
    return re.match(r"(?:there|no|without|it|this|these|the (?:heart|lungs?))\b", words) is not None


@cache
def _opener_pattern() -> re.Pattern[str]:
    words = table("clauses")["opener"]
    verb, negation = words["verb"], words["negation"]
    return re.compile(
        rf"(?:(?P<verb>{verb})\s+)?(?:(?P<negation>{negation})\s+)?(?:{words['evidence']}\s+)?(?:{words['qualifier']}\s+)*",
        re.IGNORECASE,
    )


def _capitalised(text: str, start: int) -> list[TextCut]:
    letter = text[start]
    if text[0].isupper() and letter.islower():
        return [TextCut(0, start + 1, letter.upper())]
    return [TextCut(0, start)]


def apply_cuts(text: str, cuts: Sequence[TextCut]) -> str:
    """Return a text with cuts made; they are in order, without overlap."""
    pieces, position = [], 0
    for cut in cuts:
        pieces += [text[position : cut.start], cut.literal]
        position = cut.end
    return "".join([*pieces, text[position:]])
