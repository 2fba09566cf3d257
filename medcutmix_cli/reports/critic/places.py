"""Parts of the chest beside the lungs that something may lie in, and how a report calls them normal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from medcutmix_cli.records import Sentence
from medcutmix_cli.reports.relations import words_of
from medcutmix_cli.reports.tables import remember, table
from medcutmix_cli.reports.words import PhrasePattern


@dataclass(frozen=True, slots=True)
class ChestPlace:
    """A part of the chest.

    Attributes:
        came: The words of what lies in it.
        normal: Those that call it normal.
        denied: Findings that need not be denied beside what lies in it.
    """

    came: PhrasePattern
    normal: PhrasePattern
    denied: frozenset[str]


def places_of(sentences: Iterable[Sentence]) -> tuple[ChestPlace, ...]:
    """Return the places that sentences put something into."""
    said = [words_of(s.text) for s in sentences]
    return tuple(place for place in _places() if any(place.came.search(words) for words in said))


@remember()
def _places() -> tuple[ChestPlace, ...]:
    return tuple(
        ChestPlace(PhrasePattern.of(p["came"]), PhrasePattern.of(p["normal"]), frozenset(p["denied"]))
        for p in table("critic")["places"]
    )
