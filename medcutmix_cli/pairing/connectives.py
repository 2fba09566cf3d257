"""Words that tie a sentence to the one before it ("Specifically, ..."), taken off where that one went."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from medcutmix_cli.pairing.clauses import ShortenedSentence, reread
from medcutmix_cli.pairing.cutting import TextCut, apply_cuts
from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Sentence


def loosen_ties(
    sentences: Sequence[Sentence], changes: Sequence[SentenceChange]
) -> tuple[SentenceChange, ...]:
    """Return the changes, and those of sentences that are tied to one that leaves: they lose the words that tie them.

    Args:
        sentences: Of a report, in order.
        changes: Of those that leave, or lose something.
    """
    by_sentence = {change.sentence: change for change in changes}
    for before, sentence in pairwise(sentences):
        change = by_sentence.get(before)
        gone = change is not None and change.left is None and before.section == sentence.section
        own = by_sentence.get(sentence, SentenceChange(sentence, _uncut(sentence)))
        cut = _cut_of_tie(sentence.text) if gone else None
        if cut and own.left is not None and not any(c.start < cut.end for c in own.left.cuts):
            by_sentence[sentence] = replace(own, left=_with_cut(sentence, own.left, cut))
    return tuple(by_sentence[s] for s in sentences if s in by_sentence)


def _uncut(sentence: Sentence) -> ShortenedSentence:
    return ShortenedSentence((), sentence.text, (), first=False)


def _cut_of_tie(text: str) -> TextCut | None:
    """Return the change that takes a tie off a sentence: its opening words, or "is otherwise normal" of no lung."""
    tie = _ties().match(text)
    if tie:
        return TextCut(0, tie.end(), text[tie.end() - 1].upper())
    otherwise = _OTHERWISE.search(text)
    return TextCut(otherwise.start(), otherwise.end()) if otherwise and not _LUNGS.search(text) else None


def _with_cut(sentence: Sentence, left: ShortenedSentence, cut: TextCut) -> ShortenedSentence:
    cuts = (cut, *left.cuts)
    text = apply_cuts(sentence.text, cuts)
    return ShortenedSentence(cuts, text, reread(text), left.first)


_OTHERWISE = re.compile(r"(?<=\bis )otherwise\s+|(?<=\bare )otherwise\s+", re.IGNORECASE)
_LUNGS = re.compile(r"\b(?:lungs?|clear)\b", re.IGNORECASE)


@cache
def _ties() -> re.Pattern[str]:
    words = "|".join(table("giving")["connective"]["words"])
    return re.compile(rf"(?:{words}),?\s+\w", re.IGNORECASE)
