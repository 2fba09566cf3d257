"""Reads the phrasebooks and words one lesion; knows nothing of sections or layout."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import numpy as np

from medcutmix_cli.datasets.phantoms.records import Lesion

Form = Literal["sentences", "impressions", "prior", "hedged", "clauses"]
PHRASEBOOKS = ("train", "held-out")
_ARTICLE = "\x00"


@dataclass(frozen=True, slots=True)
class NormalStatement:
    """A sentence of normality: which findings forbid it, and which it says are absent."""

    text: str
    excludes: frozenset[str]
    denies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """One set of templates, as `phrasebook_*.toml` holds them.

    Attributes:
        places: "<side>.<zone>" -> wordings.
        findings: finding -> noun, severity words and groups of templates.
        shared: templates that serve every finding.
        normal: statements of normality.
    """

    name: str
    places: Mapping[str, Sequence[str]]
    findings: Mapping[str, Mapping[str, Any]]
    shared: Mapping[str, Sequence[str]]
    normal: tuple[NormalStatement, ...]

    def templates(self, lesion: Lesion, form: Form) -> Sequence[str]:
        """Return the templates of one form that fit a lesion; empty where the form has none."""
        found: Sequence[str] = self.findings[lesion.finding][group_of(lesion)].get(form, ())
        return found

    def noun(self, finding: str) -> str:
        """Return the noun by which a finding is denied."""
        return str(self.findings[finding]["noun"])

    def word(self, lesion: Lesion, rng: np.random.Generator, form: Form = "sentences") -> str:
        """Word one lesion; a clause stays lower case and without a full stop."""
        text = fill(pick(rng, self.templates(lesion, form)), self._slots(lesion, rng))
        return text if form == "clauses" else capitalise(text)

    def _slots(self, lesion: Lesion, rng: np.random.Generator) -> dict[str, str]:
        places = self.places.get(f"{lesion.side}.{lesion.zone}", [""])
        return {
            "a": _ARTICLE,
            "size": pick(rng, self.findings[lesion.finding][lesion.severity]),
            "side": lesion.side,
            "place": pick(rng, places),
            "mm": f"{lesion.size_mm} mm",
            "cm": f"{lesion.size_mm / 10:.1f} cm",
            "tip": f"{rng.uniform(2.2, 6.0):.1f}",
        }


def group_of(lesion: Lesion) -> str:
    """Name the group of templates of a lesion: its kind, and whether it is on both sides."""
    both = lesion.side == "bilateral"
    if not lesion.kind:
        return "both" if both else "one"
    return f"{lesion.kind}_both" if both else lesion.kind


@cache
def load_phrasebook(name: str) -> Phrasebook:
    """Load a phrasebook by name.

    Raises:
        ValueError: There is no phrasebook of that name.
    """
    if name not in PHRASEBOOKS:
        raise ValueError(f"unknown phrasebook {name!r}; known are {list(PHRASEBOOKS)}")
    table = read_table(f"phrasebook_{name.replace('-', '_')}.toml")
    normal = tuple(
        NormalStatement(row["text"], frozenset(row["excludes"]), tuple(row["denies"]))
        for row in table["normal"]
    )
    return Phrasebook(name, table["places"], table["findings"], table["shared"], normal)


@cache
def read_table(file_name: str) -> dict[str, Any]:
    """Read one TOML file of this package."""
    text = resources.files(__package__).joinpath(file_name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    """Draw one of several wordings."""
    return choices[int(rng.integers(len(choices)))]


def fill(template: str, slots: Mapping[str, str]) -> str:
    """Fill the slots of a template and choose between "a" and "an"."""
    text = template.format_map(slots)
    text = re.sub(_ARTICLE + r" (?=[aeiouAEIOU8]|1[18]\b)", "an ", text)
    return text.replace(_ARTICLE, "a")


def capitalise(text: str) -> str:
    """Write the first letter in upper case, leaving the rest as it is."""
    return text[:1].upper() + text[1:]
