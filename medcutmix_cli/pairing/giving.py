"""What of a donor's sentence may enter another patient's report: all of it, an unbroken stretch of it, or nothing.

Words about the course of a disease, about another sentence and about other parts of the body stay behind; they are
data (`rules/giving.toml`). Measurements go along: the donor's picture, of which they are true, comes with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from medcutmix_cli.findings import is_open
from medcutmix_cli.pairing.clauses import move_sentence, reread, without
from medcutmix_cli.pairing.normals import chest_or_rest, of_the_lung
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Mention, Sentence, SentenceKind
from medcutmix_cli.reports.lexicon import only_describes
from medcutmix_cli.reports.words import canonical, compile_phrases

SHADOWS = frozenset({"opacity", "nodular_opacity", "infiltrate"})
"""Words for the shadow itself: "opacity consistent with pneumonia" is one piece of evidence, not two."""

_NOT_GIVEN = frozenset(
    {"prior", "notification", "date", "name", "patient", "other-modality", "recommendation", "device"}
)


_NUMBER_LAST = re.compile(r"\s\(?\d{1,2}[.)]\s*$")


def giveable(sentence: Sentence, finding: str) -> Sentence | None:
    """Return the sentence, or the longest stretch of it that may be given; None where there is none.

    A stretch is a sentence of its own right, with offsets into the donor's report.
    """
    if not any(m.finding == finding and m.assertion is Assertion.PRESENT for m in sentence.mentions):
        return None
    if may_be_given(sentence, finding):
        return sentence
    found = (s for s in _stretches(sentence, finding) if may_be_given(s, finding))
    return max(found, key=lambda s: len(s.text), default=None)


def may_be_given(sentence: Sentence, finding: str) -> bool:
    """Say whether a sentence is a plain assertion of the finding; `___` stands for a removed name or date."""
    if (
        sentence.kind is not SentenceKind.DIAGNOSTIC
        or _NOT_GIVEN & set(sentence.flags)
        or "___" in sentence.text
    ):
        return False
    own = [m for m in sentence.mentions if m.finding == finding]
    plain = bool(own) and all(m.assertion is Assertion.PRESENT and not m.prior for m in own)
    alone = all(_belongs(m, finding) for m in sentence.mentions)
    if not (plain and alone and any(_named(sentence, m) for m in own)):
        return False
    return not (
        chest_or_rest(sentence.text)
        or _carries(_without_open_names(sentence, own))
        or holds_list_number(sentence.text)
    )


def _named(sentence: Sentence, mention: Mention) -> bool:
    """Say whether the finding is named, not only described by a sign that may have another cause."""
    words = sentence.text[mention.start - sentence.start : mention.end - sentence.start]
    return not only_describes(mention.finding, words)


def holds_list_number(text: str) -> bool:
    """Say whether a sentence swallowed the number of the next list item: "Mild cardiomegaly 2."."""
    return _NUMBER_LAST.search(text) is not None


def _belongs(mention: Mention, finding: str) -> bool:
    present = mention.assertion is Assertion.PRESENT
    return mention.finding == finding or (present and mention.finding in SHADOWS and of_the_lung(finding))


def _without_open_names(sentence: Sentence, own: Iterable[Mention]) -> str:
    """Return a sentence without the names of open findings: no list of other observations holds what is given."""
    text = sentence.text
    for m in reversed([m for m in own if is_open(m.finding)]):
        text = text[: m.start - sentence.start] + text[m.end - sentence.start :]
    return text


def _carries(text: str) -> bool:
    return _refused().search(canonical(text).text) is not None


def _stretches(sentence: Sentence, finding: str) -> Iterator[Sentence]:
    """Yield unbroken stretches of a sentence without other findings, and without words of comparison at its ends."""
    others = [(m.start, m.end) for m in sentence.mentions if not _belongs(m, finding)]
    whole = [(sentence.start + s.start, sentence.start + s.end) for s in chest_or_rest(sentence.text)]
    if others or whole:
        cut = without(sentence, [*others, *whole])
        ends = _ends([(c.start, c.end, c.literal) for c in cut.cuts], sentence.text) if cut else None
        if ends:
            yield from _stretch(sentence, *ends)
    front = _strip()["front"].match(sentence.text)
    start = front.end() if front else 0
    back = _strip()["back"].search(sentence.text, start)
    if front or back:
        yield from _stretch(sentence, start, back.start() if back else len(sentence.text))


def _ends(cuts: list[tuple[int, int, str]], text: str) -> tuple[int, int] | None:
    """Return where the unbroken rest of a text lies; None where cuts broke it."""
    start, stop = 0, len(text)
    for begin, end, literal in cuts:
        if begin == 0:
            start = end - len(literal)
        elif not literal and not text[end:].strip(" .!?:;,"):
            stop = begin
        else:
            return None
    return start, stop


def _stretch(sentence: Sentence, start: int, stop: int) -> Iterator[Sentence]:
    """Yield `text[start:stop]` read again, if it is one sentence of a few words."""
    start += len(sentence.text[start:stop]) - len(sentence.text[start:stop].lstrip(" ,"))
    text = sentence.text[start:stop].rstrip(" ,;")
    as_read = text[:1].upper() + text[1:]
    found = reread(as_read)
    if len(found) == 1 and found[0].start == 0 and found[0].text == as_read and len(text.split()) > 1:
        placed = move_sentence(found[0], sentence.start + start, sentence.section)
        yield replace(placed, text=text, flags=tuple(f for f in placed.flags if f != "list-marker"))


@cache
def _refused() -> re.Pattern[str]:
    refused = table("giving")["refused"]
    return compile_phrases([phrase for listed in refused.values() for phrase in listed])


@cache
def _strip() -> dict[str, re.Pattern[str]]:
    rules = table("giving")["strip"]
    front = "|".join(sorted(rules["front"], key=len, reverse=True))
    back = "|".join(sorted(rules["back"], key=len, reverse=True))
    return {
        "front": re.compile(rf"(?:{front})\s+", re.IGNORECASE),
        "back": re.compile(rf"(?:{back})[ .]*$", re.IGNORECASE),
    }
