"""How much of a lung a statement is of: something slight, or all of it. Words are data (`rules/giving.toml`)."""

from __future__ import annotations

from functools import cache

from medcutmix_cli.pairing.normals import of_the_lung
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Sentence
from medcutmix_cli.reports.words import PhrasePattern, canonical


def is_slight(sentence: Sentence) -> bool:
    """Say whether a statement is of a slight shadow in a lung, or of markings: "no acute process" goes with it."""
    if not all(of_the_lung(m.finding) for m in sentence.mentions):
        return False
    lasting = says("slight", sentence) or says("interstitium", sentence)
    return lasting and not says("great", sentence) and not says("airspace", sentence)


def is_diffuse(sentence: Sentence) -> bool:
    """Say whether a statement is of all of the lungs, so that nothing is left to be clear otherwise."""
    return says("diffuse", sentence)


def says(name: str, sentence: Sentence) -> bool:
    """Say whether a sentence holds words of one list of `[likeness]`."""
    return pattern(name).search(canonical(sentence.text).text) is not None


@cache
def pattern(name: str) -> PhrasePattern:
    """Return one list of `[likeness]` as a pattern over canonical words."""
    return PhrasePattern.of(table("giving")["likeness"][name])
