"""The shape of a plan, or of what was written: what the set has, what the rows have, who gives. Opens no study."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.pairing.traits import KEY_BYTES
from medcutmix_cli.run.shape import DonorCount, SetShape, TraitCount


class ShapedRow(Protocol):
    """What is asked of a row, planned or written."""

    @property
    def finding(self) -> str:
        """What comes in, "" where nothing does."""

    @property
    def recipient_study(self) -> str:
        """Who receives."""

    @property
    def donor_study(self) -> str:
        """Who gives."""

    @property
    def traits(self) -> tuple[str, ...]:
        """What it counts as (see `pairing.traits`)."""


def shape_of(
    studies: Sequence[PackedStudy],
    pairs: Sequence[PackedPair],
    tolerance: float,
    kept: int = 0,
    *,
    keeps: bool = False,
) -> SetShape:
    """Count originals against rows.

    Args:
        studies: That may be recipients.
        pairs: That are planned, those in which nothing is mixed among them.
        tolerance: Relative difference of a share that is no shift.
        kept: Pairs in which nothing is mixed.
        keeps: Whether the plan was to keep studies as they are.
    """
    originals = Counter(trait for study in studies for trait in study.traits)
    return SetShape(
        originals=len(studies),
        rows=len(pairs),
        kept=kept,
        tolerance=tolerance,
        traits=_side_by_side(originals, pairs),
        donors=_donors(pairs),
        recipients=_recipients(pairs),
        sentences=_different(study.sentences for study in studies),
        row_sentences=_different(pair.sentences for pair in pairs),
        keeps=keeps,
    )


def with_written(plan: SetShape, rows: Sequence[ShapedRow], kept: int) -> SetShape:
    """Return the shape of a plan with the rows that were written in place of those planned, counted the same way.

    Args:
        plan: What was planned first.
        rows: That were written, those in which nothing is mixed among them.
        kept: Rows in which nothing is mixed.
    """
    originals = {trait: count.originals for trait, count in plan.traits.items() if count.originals}
    return replace(
        plan,
        rows=len(rows),
        kept=kept,
        traits=_side_by_side(originals, rows),
        donors=_donors(rows),
        recipients=_recipients(rows),
        written=True,
    )


def effective(uses: Counter[str]) -> float:
    """Return how many equal ones would be as concentrated: 1 / sum p^2; 0 of none."""
    total = uses.total()
    return round(total**2 / sum(n * n for n in uses.values()), 2) if total else 0.0


def _side_by_side(originals: Mapping[str, int], rows: Iterable[ShapedRow]) -> dict[str, TraitCount]:
    have = Counter(trait for row in rows for trait in row.traits)
    return {
        trait: TraitCount(originals.get(trait, 0), have[trait]) for trait in sorted(originals.keys() | have)
    }


def _recipients(rows: Iterable[ShapedRow]) -> float:
    return effective(Counter(row.recipient_study for row in rows))


def _donors(rows: Iterable[ShapedRow]) -> dict[str, DonorCount]:
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        if row.finding:
            uses[row.finding][row.donor_study] += 1
    return {
        finding: DonorCount(given.total(), len(given), effective(given), max(given.values()))
        for finding, given in sorted(uses.items())
    }


def _different(keys: Iterable[bytes]) -> int:
    """Count different sentences; 8 bytes each, sorted in place of a set of objects."""
    return int(np.unique(np.frombuffer(b"".join(keys), dtype=f"u{KEY_BYTES}")).size)
