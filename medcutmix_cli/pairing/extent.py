"""How much of a lung a statement is of: something slight, or all of it. Words are data (`rules/giving.toml`)."""

from __future__ import annotations

import re
from functools import cache

from medcutmix_cli.pairing.normals import of_the_lung
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Sentence
from medcutmix_cli.reports.words import canonical, compile_phrases


def is_slight(sentence: Sentence) -> bool:
    """Say whether a statement is of a slight shadow in a lung, or of markings: "no acute process" goes with it."""
    if not all(of_the_lung(m.finding) for m in sentence.mentions):
        return False
    lasting = _says("slight", sentence) or _says("interstitium", sentence)
    return lasting and not _says("great", sentence) and not _says("airspace", sentence)


def is_diffuse(sentence: Sentence) -> bool:
    """Say whether a statement is of all of the lungs, so that nothing is left to be clear otherwise."""
    return _says("diffuse", sentence)


def _says(name: str, sentence: Sentence) -> bool:
    return _pattern(name).search(canonical(sentence.text).text) is not None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return compile_phrases(table("giving")["likeness"][name])
