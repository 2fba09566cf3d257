"""Which sentences speak of another sentence that leaves, and what a sentence shows that no finding names.

Words are data (`rules/references.toml`). Knows sentences in their order, not what is exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.statements import STATED, Refusal
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Sentence
from medcutmix_cli.reports.kinds import DEVICES
from medcutmix_cli.reports.words import canonical, compile_phrases

POINTS_BACK = Refusal("next-sentence-points-back")


def observations(text: str) -> tuple[str, ...]:
    """Return the words of a text for what a picture shows and no finding of the lexicon names ("low lung volumes")."""
    words = canonical(text).text
    return () if not words else tuple(match.group() for match in _pattern("observation").finditer(words))


def pointing_sentences(
    sentences: Sequence[Sentence], changes: Mapping[Sentence, SentenceChange]
) -> tuple[Sentence, ...] | Refusal:
    """Return the sentences that cannot stay without those that change, in the order of the report.

    Args:
        sentences: Those of the counting sections, in order.
        changes: Of the sentences that name what leaves.

    Returns:
        A refusal where one of them says something else too, or may speak of what is left.
    """
    found: list[Sentence] = []
    for section in dict.fromkeys(s.section for s in sentences):
        walk = _Walk(changes)
        for sentence in (s for s in sentences if s.section == section):
            if walk.leaves_too(sentence):
                found.append(sentence)
    spoken = _spoken_of(sentences, changes, found)
    if any(_says_more(sentence) for sentence in found) or spoken is None:
        return POINTS_BACK
    return tuple(s for s in sentences if s in found or s in spoken)


@dataclass(slots=True)
class _Walk:
    """One section, sentence by sentence.

    Attributes:
        changes: Of the sentences that name what leaves.
        behind: Whether what was said last leaves.
    """

    changes: Mapping[Sentence, SentenceChange]
    behind: bool = False

    def leaves_too(self, sentence: Sentence) -> bool:
        """Say whether a sentence points at one that leaves; take note of it."""
        if sentence in self.changes:
            self.behind = True
            return False
        if points_back(sentence):
            return self.behind
        self.behind = self.behind and not _states(sentence.mentions) and _goes_on(sentence)
        return False


def _goes_on(sentence: Sentence) -> bool:
    """Say whether a sentence interrupts nothing: advice and notes on who was told."""
    return bool({"recommendation", "notification"} & set(sentence.flags))


def points_back(sentence: Sentence) -> bool:
    """Say whether a sentence speaks of the one before it: "This may be ...", "Unchanged from the prior film."."""
    words = canonical(sentence.text).text
    if _pattern("opening").match(words):
        return _pattern("expletive").match(words) is None
    return not sentence.mentions and _pattern("subjectless").fullmatch(words.rstrip(" .")) is not None


def _spoken_of(
    sentences: Sequence[Sentence], changes: Mapping[Sentence, SentenceChange], found: Container[Sentence]
) -> frozenset[Sentence] | None:
    """Return the sentences farther away that speak of what leaves; None where they may speak of what stays."""
    rest = [s for s in sentences if s not in changes and s not in found]
    left = [s for change in changes.values() if change.left for s in change.left.sentences]
    others = [s for s in (*rest, *left) if _states(s.mentions)]
    spoken: set[Sentence] = set()
    for sentence in rest:
        words = canonical(sentence.text).text
        refers = _pattern("reference").search(words) is not None
        if _states(sentence.mentions) or not (refers or _pattern("follow_up").search(words)):
            continue
        if not others:
            spoken.add(sentence)
        elif refers:
            return None
        # Advice beside another finding stays: it may be about that.
    return frozenset(spoken)


def _states(mentions: Iterable[object]) -> bool:
    return any(getattr(m, "assertion", None) in STATED and getattr(m, "finding", "") != DEVICES for m in mentions)


def _says_more(sentence: Sentence) -> bool:
    """Say whether a pointing sentence says something of its own that would be lost with it."""
    present = any(m.assertion is Assertion.PRESENT and m.finding != DEVICES for m in sentence.mentions)
    return present or bool(observations(sentence.text))


@cache
def _pattern(name: str) -> re.Pattern[str]:
    rules = table("references")
    return compile_phrases(rules[name]["phrases"], rules["macro"])
