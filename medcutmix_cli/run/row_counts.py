"""What rows add up to, a shard's or a run's: who receives, who gives, how many have each trait. Knows no file.

A state file holds its shard's, so that the shape of a run is told without a row being read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows, counted.

    Attributes:
        traits: Trait -> rows that have it (see `pairing.traits`).
        recipients: Study -> rows that it receives in, those of itself as it is among them.
        donors: Finding that comes in -> study -> rows that it gives it in.
    """

    traits: Counter[str] = field(default_factory=Counter)
    recipients: Counter[str] = field(default_factory=Counter)
    donors: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return self.recipients.total()

    def add(self, finding: str, recipient: str, donor: str, traits: Iterable[str]) -> None:
        """Count one row; `finding` is "" where nothing comes in."""
        self.traits.update(traits)
        self.recipients[recipient] += 1
        if finding:
            self.donors.setdefault(finding, Counter())[donor] += 1

    def merge(self, other: RowCounts) -> None:
        """Count the rows of another in."""
        self.traits.update(other.traits)
        self.recipients.update(other.recipients)
        for finding, given in other.donors.items():
            self.donors.setdefault(finding, Counter()).update(given)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it, keys sorted."""
        donors = {finding: dict(sorted(given.items())) for finding, given in sorted(self.donors.items())}
        of_studies = {"recipients": dict(sorted(self.recipients.items())), "donors": donors}
        return {"traits": dict(sorted(self.traits.items())), **of_studies}


def to_row_counts(plain: Mapping[str, Any]) -> RowCounts:
    """Return the counts of a state file; none where an earlier version wrote it.

    Raises:
        ValueError: They are no counts.
    """
    if not plain:
        return RowCounts()
    if set(plain) != {"traits", "recipients", "donors"}:
        raise ValueError("other counts")
    donors = {finding: Counter(given) for finding, given in plain["donors"].items()}
    return RowCounts(Counter(plain["traits"]), Counter(plain["recipients"]), donors)
