"""What a finding of the pleura does to the lung beside it, told or not: words for it stay behind, the pixels do not.

A large effusion, one with "compressive atelectasis" and a pneumothorax with a shift leave no lung that is clear, or
well expanded, on their side. Words are data (`rules/shadows.toml`).
"""

from __future__ import annotations

import re
from functools import cache

from medcutmix_cli.pairing.shadows import Naming, is_effect
from medcutmix_cli.pairing.statements import STATED, Statement
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Mention, Reading, Sentence
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.relations import is_strong, words_of
from medcutmix_cli.reports.words import PhrasePattern

COLLAPSE = "collapse"
"""Stands for lung that has lost its air beside a finding of the pleura, whatever the report calls it."""

_DENIED = re.compile(r"\b(?:no|not|without|midline|negative|normal|absence)\b")


def presses_on_lung(reading: Reading, given: Statement) -> bool:
    """Say whether what a report gives presses on the lung beside it: by its size, or by what the report tells of it."""
    if given.finding not in table("giving")["likeness"]["pleural"]:
        return False
    sentences = counted_sentences(reading)
    cause = Naming(given.main, next(m for m in given.main.mentions if m.finding == given.finding))
    large = any(is_strong(s.text) for s in given.sentences)
    return large or any(_is_sequel(cause, s) or _tells_of_sequel(s, given.finding) for s in sentences)


def _is_sequel(cause: Naming, sentence: Sentence) -> bool:
    stated: list[Mention] = [m for m in sentence.mentions if m.assertion in STATED]
    return any(is_effect(cause, Naming(sentence, m)) for m in stated)


def _tells_of_sequel(sentence: Sentence, finding: str) -> bool:
    """Say whether a sentence tells of a shift or a collapse without denying it."""
    words = words_of(sentence.text)
    return _sequel(finding).search(words) is not None and _DENIED.search(words) is None


@cache
def _sequel(finding: str) -> PhrasePattern:
    return PhrasePattern.of(table("shadows")["sequel"]["told"].get(finding, ()))
