"""What speaks of a finding without naming it, and what cannot be said beside it: the table `rules/relations.toml`.

Knows words only. Departing, giving and checking ask it alike, so that one line of data changes all three.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern, canonical

_NOTHING = PhrasePattern()


@dataclass(frozen=True, slots=True)
class Relation:
    """The words around one finding; each pattern matches canonical text (`words.canonical`).

    Attributes:
        finding: Lexicon id.
        synonyms: Other words for the same shadow or process.
        signs: How it shows; no proof of it by themselves.
        sequelae: What it causes, what explains it, what is advised because of it.
        related: Lexicon ids that are often the same shadow.
        normals: Statements that contradict it while it is present.
        strong_normals: Statements that contradict only a large or complete one.
    """

    finding: str
    synonyms: PhrasePattern
    signs: PhrasePattern
    sequelae: PhrasePattern
    related: frozenset[str]
    normals: PhrasePattern
    strong_normals: PhrasePattern

    def kind_of_reference(self, text: str) -> str:
        """Name how a sentence speaks of the finding: "synonym", "sign", "sequel", or "" where it does not."""
        said = words_of(text)
        kinds = (("synonym", self.synonyms), ("sign", self.signs), ("sequel", self.sequelae))
        return next((kind for kind, pattern in kinds if pattern.search(said)), "")

    def contradicted_by(self, text: str, *, strong: bool = False) -> bool:
        """Say whether a statement cannot stand beside the finding.

        Args:
            text: Of one sentence.
            strong: Whether the finding is a large or complete one (`is_strong`).
        """
        said = words_of(text)
        return bool(self.normals.search(said) or (strong and self.strong_normals.search(said)))


@cache
def relation_of(finding: str) -> Relation:
    """Return what is known around a finding; a finding the table does not know has no relations."""
    return _relations().get(finding) or Relation(
        finding, _NOTHING, _NOTHING, _NOTHING, frozenset(), _NOTHING, _NOTHING
    )


@lru_cache(maxsize=1 << 14)
def words_of(text: str) -> str:
    """Return the canonical words of a sentence, one space apart."""
    return canonical(text).text


def is_strong(text: str) -> bool:
    """Say whether a sentence calls its finding large, complete or the like."""
    return _compiled("strong", "words").search(words_of(text)) is not None


def points_back(text: str) -> bool:
    """Say whether a sentence takes its subject from an earlier one: "These may be scars.", "Decreased since then."."""
    return points_by_pronoun(text) or _compiled("pointing", "opening").match(words_of(text)) is not None


def points_by_pronoun(text: str) -> bool:
    """Say whether a word for an earlier subject stands in a sentence: "These may be scars.", "as described above"."""
    return opens_by_pronoun(text) or _compiled("pointing", "anywhere").search(words_of(text)) is not None


def opens_by_pronoun(text: str) -> bool:
    """Say whether a sentence begins with a word for an earlier subject: "These may be scars."."""
    return _compiled("pointing", "pronouns").match(words_of(text)) is not None


def advises(text: str) -> bool:
    """Say whether a sentence recommends or correlates: "Follow-up to document clearing."."""
    return _compiled("pointing", "advice").search(words_of(text)) is not None


@cache
def _relations() -> dict[str, Relation]:
    rules = table("relations")
    return {entry["finding"]: _relation(entry, rules["macro"]) for entry in rules["relation"]}


def _relation(entry: dict[str, list[str]], macros: dict[str, str]) -> Relation:
    patterns = {
        name: _pattern(entry[name], macros)
        for name in ("synonyms", "signs", "sequelae", "normals", "strong_normals")
    }
    return Relation(finding=str(entry["finding"]), related=frozenset(entry["findings"]), **patterns)


@cache
def _compiled(part: str, name: str) -> PhrasePattern:
    rules = table("relations")
    return _pattern(rules[part][name], rules["macro"])


def _pattern(phrases: Iterable[str], macros: dict[str, str]) -> PhrasePattern:
    return PhrasePattern.of(phrases, macros)
