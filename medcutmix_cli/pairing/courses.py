"""What a report says of the course of the lungs: "The heart and lungs have not changed in the interval.".

It was said of the recipient's picture, and is not true of lungs that another's finding comes into. Words are data
(`rules/normals.toml`).
"""

from __future__ import annotations

from functools import cache, lru_cache

from medcutmix_cli.pairing.normals import of_the_lung, speaks_of_the_rest
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.reports.relations import words_of
from medcutmix_cli.reports.words import PhrasePattern


@lru_cache(maxsize=1 << 14)
def calls_lungs_unchanged(text: str) -> bool:
    """Say whether a sentence calls the lungs unchanged, alone or with other parts."""
    return _phrases().search(words_of(text)) is not None and not speaks_of_the_rest(text)


def changes_lungs(finding: str) -> bool:
    """Say whether lungs into which a finding comes are no longer as they were."""
    return of_the_lung(finding) or finding in table("normals")["course"]["changed_by"]


@cache
def _phrases() -> PhrasePattern:
    rules = table("normals")["course"]
    return PhrasePattern.of(rules["phrases"], rules["macro"])
