"""The shape of a plan, or of what was written: what the set has, what the rows have, who gives. Opens no study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.pairing.traits import KEY_BYTES
from medcutmix_cli.run.row_counts import RowCounts
from medcutmix_cli.run.shape import DonorCount, SetShape, TraitCount


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
    counts = RowCounts()
    for pair in pairs:
        counts.add(pair.finding, pair.recipient_study, pair.donor_study, pair.traits)
    return SetShape(
        originals=len(studies),
        rows=len(pairs),
        kept=kept,
        tolerance=tolerance,
        traits=_side_by_side(originals, counts.traits),
        donors=_donors(counts),
        recipients=effective(counts.recipients),
        sentences=_different(study.sentences for study in studies),
        row_sentences=_different(pair.sentences for pair in pairs),
        keeps=keeps,
    )


def with_written(plan: SetShape, counts: RowCounts, kept: int) -> SetShape:
    """Return the shape of a plan with the rows that were written in place of those planned, counted the same way.

    Args:
        plan: What was planned first.
        counts: Of the rows that were written, those in which nothing is mixed among them.
        kept: Rows in which nothing is mixed.
    """
    originals = {trait: count.originals for trait, count in plan.traits.items() if count.originals}
    return replace(
        plan,
        rows=counts.rows,
        kept=kept,
        traits=_side_by_side(originals, counts.traits),
        donors=_donors(counts),
        recipients=effective(counts.recipients),
        written=True,
    )


def effective(uses: Counter[str]) -> float:
    """Return how many equal ones would be as concentrated: 1 / sum p^2; 0 of none."""
    total = uses.total()
    return round(total**2 / sum(n * n for n in uses.values()), 2) if total else 0.0


def _side_by_side(originals: Mapping[str, int], have: Counter[str]) -> dict[str, TraitCount]:
    return {
        trait: TraitCount(originals.get(trait, 0), have[trait]) for trait in sorted(originals.keys() | have)
    }


def _donors(counts: RowCounts) -> dict[str, DonorCount]:
    return {
        finding: DonorCount(given.total(), len(given), effective(given), max(given.values()))
        for finding, given in sorted(counts.donors.items())
    }


def _different(keys: Iterable[bytes]) -> int:
    """Count different sentences; 8 bytes each, sorted in place of a set of objects."""
    return int(np.unique(np.frombuffer(b"".join(keys), dtype=f"u{KEY_BYTES}")).size)
