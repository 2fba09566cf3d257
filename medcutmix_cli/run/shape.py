"""Originals against rows: whether what is mixed is shaped like the set it is made from. Knows counts alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from medcutmix_cli.system.counts import share_as_said

LEAST_EVENNESS = 0.8
"""Effective donors per donor, below which some give so much more than others that it is said."""

_GROUPS = ("label", "device", "view", "side")


@dataclass(frozen=True, slots=True)
class TraitCount:
    """How many have a trait.

    Attributes:
        originals: Of the studies that could be recipients.
        rows: Of the rows.
    """

    originals: int
    rows: int


@dataclass(frozen=True, slots=True)
class DonorCount:
    """Who gives one finding.

    Attributes:
        rows: In which it comes in.
        donors: Different studies that give it.
        effective: 1 / sum p^2 of their shares p: `donors` where all give equally, 1 where one gives nearly all.
        most: Rows of the one that gives most.
    """

    rows: int
    donors: int
    effective: float
    most: int


@dataclass(frozen=True, slots=True)
class SetShape:
    """The set that is mixed, beside the rows that are made of it.

    Attributes:
        originals: Studies that could be recipients.
        rows: How many there are.
        kept: Rows in which nothing is mixed.
        tolerance: Relative difference of a share that is no shift.
        traits: "label: Edema" -> how many have it.
        donors: Finding that comes in -> who gives it.
        recipients: Effective number of recipients.
        sentences: Different sentences in the originals' reports.
        row_sentences: Different sentences in the planned rows' reports; those of written rows are not counted.
        written: Whether rows are those that were written, after all that was rejected and refilled; else those planned.
        keeps: Whether the plan keeps studies as they are and holds pairs to the tolerance (`--unmixed keep`).
    """

    originals: int
    rows: int
    kept: int
    tolerance: float
    traits: Mapping[str, TraitCount]
    donors: Mapping[str, DonorCount]
    recipients: float
    sentences: int
    row_sentences: int
    written: bool = False
    keeps: bool = False

    @property
    def rows_are(self) -> str:
        """Say in a word which rows they are: planned or written."""
        return "written" if self.written else "planned"

    @property
    def sentences_note(self) -> str:
        """Say what stands behind `row_sentences`: no column has the sentences of a written report."""
        return " (those of written rows are not counted)" if self.written else ""

    def change(self, trait: str) -> float:
        """Return by how much the share of a trait differs, relative to the originals'; 0 where there is no row.

        What no original has, and rows have, has grown without bound.
        """
        own, now = self._shares_of(trait)
        if not self.rows or own == now:
            return 0.0
        return now / own - 1 if own else float("inf")

    def shifts(self) -> dict[str, float]:
        """Return the traits whose share differs by more than is tolerated, the largest difference first.

        What differs by less than one row is none: in a small set no whole number of rows comes closer.
        """
        beyond = {trait: self.change(trait) for trait in self.traits if self._is_shifted(trait)}
        return dict(sorted(beyond.items(), key=lambda entry: (-abs(entry[1]), entry[0])))

    def _is_shifted(self, trait: str) -> bool:
        """Compare in rows, exactly: a bound that is met is kept."""
        expected = Fraction(self.traits[trait].originals * self.rows, max(1, self.originals))
        off = abs(self.traits[trait].rows - expected)
        return off >= 1 and off > share_as_said(self.tolerance) * expected

    def uneven(self) -> dict[str, DonorCount]:
        """Return the findings of which a few donors give much more than the others."""
        return {
            finding: count
            for finding, count in self.donors.items()
            if count.effective < LEAST_EVENNESS * count.donors
        }

    def shares(self) -> Iterator[tuple[str, float, float]]:
        """Yield (trait, share of originals, share of rows): labels first, each group by how frequent it is."""
        for group in _GROUPS:
            own = [trait for trait in self.traits if trait.startswith(f"{group}: ")]
            for trait in sorted(own, key=lambda trait: (-self.traits[trait].originals, trait)):
                yield trait, *self._shares_of(trait)

    def _shares_of(self, trait: str) -> tuple[float, float]:
        count = self.traits[trait]
        return count.originals / max(1, self.originals), count.rows / max(1, self.rows)


def to_shape(plain: Mapping[str, Any] | None) -> SetShape | None:
    """Return a shape from the form in which run.json holds it; None where an earlier version made the plan."""
    if not plain:
        return None
    traits = {name: TraitCount(**count) for name, count in plain["traits"].items()}
    donors = {name: DonorCount(**count) for name, count in plain["donors"].items()}
    rest = {name: value for name, value in plain.items() if name not in ("traits", "donors")}
    return SetShape(traits=traits, donors=donors, **rest)
