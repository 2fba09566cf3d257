"""Does a donor's report say that its shadow is none of the lung? Words are data (`rules/giving.toml`).

"Left base opacity." here and "opacity representing a large effusion" there are one thing, and it is an effusion: as an
opacity it would come into reports that deny effusions. So is a shadow that turns out to be vessels, or a nipple.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from medcutmix_cli.pairing.giving import SHADOWS
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Mention, Sentence
from medcutmix_cli.reports.words import PhrasePattern, canonical
from medcutmix_cli.sides import meet

_SAID = frozenset({Assertion.PRESENT, Assertion.UNCERTAIN})


def misnamed_shadow(sentences: Sequence[Sentence], finding: str, given: Sequence[Mention]) -> str:
    """Name what a report says of its own shadow that stands against giving it; "" where it says nothing.

    "donor-shadow-is-of-no-lesion": it is one of vessels, skin or bone, or may be. "donor-shadow-is-another-finding":
    it is taken for what is no shadow of the lung, an effusion or a fracture.

    Args:
        sentences: Those of the counting sections, in order.
        finding: Lexicon id; one that names no mere shadow is what it says.
        given: What the sentences that may be given say of it.
    """
    if finding not in SHADOWS:
        return ""
    names = _names_of(finding)
    shown = [(s, m) for s in sentences for m in s.mentions if m.finding in names and _is_said(m, given)]
    speaking = [*(s for s, _ in shown), *_behind(sentences, [s for s, _ in shown])]
    if any(_pattern("no_lesion").search(canonical(s.text).text) for s in speaking):
        return "donor-shadow-is-of-no-lesion"
    others = table("giving")["misnamed"]["others"]
    taken = (other for s, m in shown for other in _taken_for(s, m) if other.assertion in _SAID)
    return "donor-shadow-is-another-finding" if any(m.finding in others for m in taken) else ""


def _names_of(finding: str) -> frozenset[str]:
    """Return the words by which a report may name a shadow again: an "opacity" may be an "infiltrate" elsewhere."""
    kinds = frozenset(table("giving")["likeness"]["kinds_of_opacity"])
    return kinds if finding in kinds else frozenset({finding})


def _is_said(mention: Mention, given: Sequence[Mention]) -> bool:
    """Say whether a mention may be of the place of what is given: its sides meet, and its zones are not two."""
    here = _zone(mention)
    at_place = (m for m in given if meet(m.side, mention.side) and (not here or _zone(m) in ("", here)))
    return mention.assertion in _SAID and any(True for _ in at_place)


def _zone(mention: Mention) -> str:
    zones = table("shadows")["zone"]
    return next((zone for zone, words in zones.items() if mention.location in words), "")


def _behind(sentences: Sequence[Sentence], shown: Sequence[Sentence]) -> Iterator[Sentence]:
    """Yield sentences that name no finding behind one that does: "On the CT this is a vessel."."""
    return (s for before, s in pairwise(sentences) if before in shown and not s.mentions and _same(before, s))


def _same(one: Sentence, other: Sentence) -> bool:
    return one.section == other.section


def _taken_for(sentence: Sentence, shadow: Mention) -> Iterator[Mention]:
    """Yield what a sentence takes its shadow for: the finding named next, and those joined to it."""
    behind = [m for m in sentence.mentions if m.start >= shadow.start]
    pattern = "another"
    for one, other in pairwise(behind):
        between = sentence.text[one.end - sentence.start : other.start - sentence.start]
        if not _pattern(pattern).search(canonical(between).text):
            return
        yield other
        pattern = "joined"


@cache
def _pattern(name: str) -> PhrasePattern:
    rules = table("giving")["misnamed"]
    return PhrasePattern.of(rules[name], rules["macro"])
