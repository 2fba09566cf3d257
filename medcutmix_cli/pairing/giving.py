"""What of a donor's sentence may enter another patient's report: all of it, an unbroken stretch of it, or nothing.

Words about the course of a disease, about another sentence or view and about other parts of the body stay behind; they
are data (`rules/giving.toml`). So do measurements: whether they would still be true of the mixed picture depends on the
pixel spacing of both, which is not known here. What is given has the shape of a sentence (`grammar`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise

from medcutmix_cli.findings import is_open
from medcutmix_cli.pairing.clauses import move_sentence, reread, rereader, without
from medcutmix_cli.pairing.grammar import has_sentence_shape, tag_of
from medcutmix_cli.pairing.normals import chest_or_rest, of_the_lung
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Mention, Sentence, SentenceKind, Side
from medcutmix_cli.reports.form_parts import label_length
from medcutmix_cli.reports.lexicon import only_describes
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import remember
from medcutmix_cli.reports.words import PhrasePattern, canonical
from medcutmix_cli.sides import other_side

SHADOWS = frozenset({"opacity", "nodular_opacity", "infiltrate"})
"""Words for the shadow itself: "opacity consistent with pneumonia" is one piece of evidence, not two."""

_NOT_GIVEN = frozenset(
    {"prior", "notification", "date", "name", "patient", "other-modality", "recommendation", "device"}
)
_NOT_CUT = frozenset({"alternative", "corrected"})
"""Of these not even a stretch is given: "scarring" of "scarring or atelectasis" says more than was seen."""

_LOST = re.compile(r"_{2,}|X{3,}", re.IGNORECASE)
# Of these no finding was lost: "compared to the study of ___", "since ___".
_LOST_DATE = re.compile(
    r"(?:\b(?:of|from|dated|since|on|compared\s+(?:to|with)|comparison\s+(?:to|with)|radiograph|study|exam|film))\s+_{2,}",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\(\?<[!=][^)]*\)| \?| ")  # a look-behind has one width
_FLEXIBLE = {" ?": r"\s*", " ": r"\s+"}
_SLASH = re.compile(r"[^\W\d]/[^\W\d]")
_CAPITAL = re.compile(r"(?<=[^.!?:;\s])\s+([A-Z][a-z]+)\b")
_EQUATES = re.compile(r"(?:consistent|compatible|in keeping) with")
_ALTERNATIVE = re.compile(r"\b(?:or|versus|vs|v)\b|/", re.IGNORECASE)
_APART = re.compile(r"\b(?:and|with|plus)\b|,")
_STEPS = 3
_NUMBER_LAST = re.compile(r"\s\(?\d{1,2}[.)]\s*$")


def giveable(sentence: Sentence, finding: str) -> Sentence | None:
    """Return the sentence, or the longest stretch of it that may be given; None where there is none.

    A stretch is a sentence of its own right, with offsets into the donor's report. A sentence that lost words to
    de-identification gives nothing: "___ focal opacity" may have been "no focal opacity".
    """
    return _giveable(sentence, finding, rereader())


@remember(1 << 14)
def _giveable(sentence: Sentence, finding: str, _reader: ReportReader) -> Sentence | None:
    if not any(m.finding == finding and m.assertion is Assertion.PRESENT for m in sentence.mentions):
        return None
    lost = _LOST.search(_LOST_DATE.sub("", sentence.text)) or _NOT_CUT & set(sentence.flags)
    if lost or _is_one_of_two(sentence, finding):
        return None
    if may_be_given(sentence, finding):
        return sentence
    found = (s for s in _all_stretches(sentence, finding) if may_be_given(s, finding))
    return max(found, key=lambda s: len(s.text), default=None)


def may_be_given(sentence: Sentence, finding: str) -> bool:
    """Say whether a sentence is a plain assertion of the finding that stands alone."""
    flagged = _NOT_GIVEN & set(sentence.flags) or _LOST.search(sentence.text)
    if sentence.kind is not SentenceKind.DIAGNOSTIC or flagged:
        return False
    own = [m for m in sentence.mentions if m.finding == finding]
    plain = bool(own) and all(m.assertion is Assertion.PRESENT and not m.prior for m in own)
    alone = all(_belongs(m, finding) and not _beside(sentence, m, own) for m in sentence.mentions)
    if not (plain and alone and any(_named(sentence, m) for m in own)):
        return False
    carries = chest_or_rest(sentence.text) or _carries(without_open_names(sentence, own))
    odd = _takes_as_known(sentence, own[0]) or _two_sides(sentence, own) or _joined(sentence.text)
    # Two statements, of which the other is of something else; or a form's label, which is no word of a sentence.
    odd = odd or ";" in sentence.text or label_length(sentence.text) > 0
    clean = not carries and not odd and not holds_list_number(sentence.text)
    return clean and has_sentence_shape(sentence.text)


def _is_one_of_two(sentence: Sentence, finding: str) -> bool:
    """Say whether the finding is asserted as one of two: "effusion or scar" does not say that there is an effusion."""
    there = [m for m in sentence.mentions if m.assertion in (Assertion.PRESENT, Assertion.UNCERTAIN)]
    gaps = (
        sentence.text[a.end - sentence.start : b.start - sentence.start]
        for a, b in pairwise(there)
        if finding in (a.finding, b.finding)
    )
    return any(_ALTERNATIVE.search(gap) for gap in gaps)


def as_headline(sentence: Sentence) -> Sentence:
    """Return a sentence as an impression words it: "Small left effusion." for "There is a small left effusion."."""
    told = [mention_place(m) for m in sentence.mentions]
    for shorter in _stripped(sentence, "opener"):
        if [mention_place(m) for m in shorter.mentions] == told and has_sentence_shape(shorter.text):
            return shorter
    return sentence


def mention_place(mention: Mention) -> tuple[object, ...]:
    """Return what a mention says, where and how much, without where it stands in the text."""
    m = mention
    return (m.finding, m.assertion, m.side, m.location, m.severity)


def _takes_as_known(sentence: Sentence, mention: Mention) -> bool:
    """Say whether a sentence speaks of its finding as of one that was named before: "The effusion is small.".

    So it does of what it only explains something with: "The heart is hard to assess given the effusions."
    """
    before = canonical(sentence.text[: mention.start - sentence.start]).text.split()
    tags = [tag_of(word) for word in before]
    if before[:1] == ["the"] and not {"V", "P", "O", "G", "M"} & set(tags):
        return True
    if "the" not in before[1:]:
        return False
    last = len(before) - before[::-1].index("the")
    return "V" in tags[:last] and all(tag in "JQRS#" for tag in tags[last:])


def _two_sides(sentence: Sentence, own: list[Mention]) -> bool:
    """Say whether a sentence names the side that its finding is not on: what is told of that side would come along."""
    words = canonical(sentence.text).text.split()
    return any(other_side(side) in words for side in {m.side for m in own})


def _joined(text: str) -> bool:
    """Say whether two sentences ran into one, or two words into "atelectasis/infiltrate", of which one may be meant."""
    if _SLASH.search(text):
        return True
    return any(word.istitle() and tag_of(word.lower()) in "DJTQPSXR" for word in _CAPITAL.findall(text, 1))


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


def _beside(sentence: Sentence, mention: Mention, own: list[Mention]) -> bool:
    """Say whether a shadow stands beside the finding ("opacity and mass"), not for it ("opacity from atelectasis")."""
    if mention in own:
        return False
    spans = ((min(m.end, mention.end), max(m.start, mention.start)) for m in own)
    gaps = (sentence.text[a - sentence.start : b - sentence.start] for a, b in spans)
    return all(_APART.search(_EQUATES.sub("", gap.lower())) for gap in gaps)


def without_open_names(sentence: Sentence, own: Iterable[Mention]) -> str:
    """Return a sentence without the names of open findings: no list of other observations holds what is given."""
    text = sentence.text
    for m in reversed([m for m in own if is_open(m.finding)]):
        text = text[: m.start - sentence.start] + text[m.end - sentence.start :]
    return text


def _carries(text: str) -> bool:
    return _refused().search(canonical(text).text) is not None


def _all_stretches(sentence: Sentence, finding: str) -> Iterator[Sentence]:
    """Yield the stretches of a sentence, and theirs, that say of the finding where it is as the sentence does."""
    sides = _sides_of(sentence, finding)
    front = [sentence]
    seen = {sentence.text}
    for _ in range(_STEPS):
        found = {s.text: s for longer in front for s in _stretches(longer, finding) if s.text not in seen}
        seen |= found.keys()
        front = list(found.values())
        yield from (s for s in front if _sides_of(s, finding) == sides)


def _sides_of(sentence: Sentence, finding: str) -> set[Side]:
    """Return where a sentence has the finding; where it denies it says nothing of that."""
    own = (m for m in sentence.mentions if m.finding == finding)
    return {m.side for m in own if m.assertion is not Assertion.ABSENT}


def _stretches(sentence: Sentence, finding: str) -> Iterator[Sentence]:
    """Yield unbroken stretches of a sentence without other findings, and without words of comparison at its ends."""
    denied = Assertion.ABSENT  # of the finding too: "The lungs are clear except for an opacity."
    others = [
        (m.start, m.end) for m in sentence.mentions if m.assertion is denied or not _belongs(m, finding)
    ]
    whole = [(sentence.start + s.start, sentence.start + s.end) for s in chest_or_rest(sentence.text)]
    if others or whole:
        cut = without(sentence, [*others, *whole])
        ends = _ends([(c.start, c.end, c.literal) for c in cut.cuts], sentence.text) if cut else None
        if ends:
            yield from _stretch(sentence, *ends)
    yield from _between_semicolons(sentence, finding)
    if label := label_length(sentence.text):
        yield from _stretch(sentence, label, len(sentence.text))
    yield from _stripped(sentence, "strip")


def _between_semicolons(sentence: Sentence, finding: str) -> Iterator[Sentence]:
    """Yield the statements of a sentence that name the finding, where a semicolon joins several."""
    edges = [-1, *(m.start() for m in re.finditer(";", sentence.text)), len(sentence.text)]
    own = [m for m in sentence.mentions if m.finding == finding]
    for begin, end in pairwise(edges) if len(edges) > 2 else ():
        start, stop = sentence.start + begin + 1, sentence.start + end
        if any(start <= m.start and m.end <= stop for m in own):
            yield from _stretch(sentence, begin + 1, end)


def _stripped(sentence: Sentence, rule: str) -> Iterator[Sentence]:
    """Yield a sentence without the words at its front, at its end and at both that a rule takes off."""
    text = sentence.text
    front, back = _strip(rule)["front"].match(text), _strip(rule)["back"].search(text)
    start, stop = front.end() if front else 0, back.start() if back else len(text)
    for begin, end in dict.fromkeys([(start, stop), (start, len(text)), (0, stop)]):
        if (begin, end) != (0, len(text)) and begin < end:
            yield from _stretch(sentence, begin, end)


def _ends(cuts: list[tuple[int, int, str]], text: str) -> tuple[int, int] | None:
    """Return where the unbroken rest of a text lies; None where cuts broke it.

    A cut may put a word that stands there already, with a capital; "No" for "without" is another word.
    """
    start, stop = 0, len(text)
    for begin, end, literal in cuts:
        if begin == 0 and text[end - len(literal) : end].lower() == literal.lower():
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
def _refused() -> PhrasePattern:
    refused = table("giving")["refused"]
    return PhrasePattern.of([phrase for listed in refused.values() for phrase in listed])


@cache
def _strip(rule: str) -> dict[str, re.Pattern[str]]:
    rules = table("giving")[rule]
    front = "|".join(sorted(rules["front"], key=len, reverse=True))
    back = "|".join(sorted(rules["back"], key=len, reverse=True))
    return {
        "front": re.compile(rf"(?:{_any_blanks(front)})\s+", re.IGNORECASE),
        "back": re.compile(rf"(?:{_any_blanks(back)})[ .)]*$", re.IGNORECASE | re.DOTALL),
    }


def _any_blanks(pattern: str) -> str:
    """Let a blank of a pattern stand for the line break and the indent that a report may have there."""
    return _BLANKS.sub(lambda blank: _FLEXIBLE.get(blank.group(), blank.group().replace(" ", r"\s")), pattern)
