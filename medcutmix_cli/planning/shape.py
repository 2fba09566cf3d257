"""The shape of a plan: what the set has, what its rows have, who gives. Opens no study."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.pairing.traits import KEY_BYTES
from medcutmix_cli.run.shape import DonorCount, SetShape, TraitCount


def shape_of(
    studies: Sequence[PackedStudy], pairs: Sequence[PackedPair], tolerance: float, kept: int = 0
) -> SetShape:
    """Count originals against rows.

    Args:
        studies: That may be recipients.
        pairs: That are planned, those in which nothing is mixed among them.
        tolerance: Relative difference of a share that is no shift.
        kept: Pairs in which nothing is mixed.
    """
    originals = Counter(trait for study in studies for trait in study.traits)
    rows = Counter(trait for pair in pairs for trait in pair.traits)
    return SetShape(
        originals=len(studies),
        rows=len(pairs),
        kept=kept,
        tolerance=tolerance,
        traits={trait: TraitCount(originals[trait], rows[trait]) for trait in sorted(originals | rows)},
        donors=_donors(pairs),
        recipients=effective(Counter(pair.recipient_study for pair in pairs)),
        sentences=_different(study.sentences for study in studies),
        row_sentences=_different(pair.sentences for pair in pairs),
    )


def effective(uses: Counter[str]) -> float:
    """Return how many equal ones would be as concentrated: 1 / sum p^2; 0 of none."""
    total = uses.total()
    return round(total**2 / sum(n * n for n in uses.values()), 2) if total else 0.0


def _donors(pairs: Iterable[PackedPair]) -> dict[str, DonorCount]:
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        if pair.finding:
            uses[pair.finding][pair.donor_study] += 1
    return {
        finding: DonorCount(given.total(), len(given), effective(given), max(given.values()))
        for finding, given in sorted(uses.items())
    }


def _different(keys: Iterable[bytes]) -> int:
    """Count different sentences; 8 bytes each, sorted in place of a set of objects."""
    return int(np.unique(np.frombuffer(b"".join(keys), dtype=f"u{KEY_BYTES}")).size)
