"""Which studies have pictures that are nearly the same, so that they are never paired with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from medcutmix_cli.engines import Progress
from medcutmix_cli.images.near_hashes import find_near
from medcutmix_cli.images.perceptual_hash import NEAR, Hash
from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.planning.picture_hashes import PictureHasher

NEAR_DUPLICATE = "near-duplicate"
"""Why two studies are not paired."""


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """What is known of the pictures that stand for studies.

    Attributes:
        hashes: Study id -> number of its picture's hash, of studies that have a near-duplicate.
        near: Numbers of two hashes that are near each other, the smaller one first; one hash may be of many studies.
        compared: Pictures that were compared.
        unreadable: Pictures that were not, by reason.
    """

    hashes: Mapping[str, int] = field(default_factory=dict)
    near: frozenset[tuple[int, int]] = frozenset()
    compared: int = 0
    unreadable: Mapping[str, int] = field(default_factory=dict)

    def bar(self, one: str, other: str) -> bool:
        """Say whether the pictures of two studies are near-duplicates, by the ids of the studies."""
        own, theirs = self.hashes.get(one), self.hashes.get(other)
        if own is None or theirs is None:
            return False
        return own == theirs or (min(own, theirs), max(own, theirs)) in self.near

    def counts(self) -> dict[str, int]:
        """Return what a run keeps of it; empty where nobody asked."""
        if self is NONE_COMPARED:
            return {}
        unreadable = {f"unreadable:{reason}": count for reason, count in sorted(self.unreadable.items())}
        return {"compared": self.compared, "studies": len(self.hashes), **unreadable}


NONE_COMPARED = NearDuplicates()
"""Where nobody asked: no picture is read."""


def find_near_duplicates(
    hasher: PictureHasher, studies: Sequence[PackedStudy], report: Progress
) -> NearDuplicates:
    """Read the picture that stands for each study, and find those that are near-duplicates.

    Args:
        hasher: Reads the pictures.
        studies: Whose order decides nothing.
        report: Called with ("comparing pictures", done, total).
    """
    found = hasher.hash_all([study.open().image for study in studies], report)
    named = {
        study.study_id: one for study, one in zip(studies, found, strict=True) if not isinstance(one, str)
    }
    unreadable = Counter(one for one in found if isinstance(one, str))
    return with_near(named, unreadable)


def with_near(hashes: Mapping[str, Hash], unreadable: Mapping[str, int]) -> NearDuplicates:
    """Find the near-duplicates among hashes by study id."""
    if not hashes:
        return NearDuplicates(unreadable=unreadable)
    unique, numbers = np.unique(np.stack(list(hashes.values())), axis=0, return_inverse=True)
    near = frozenset((pair.first, pair.second) for pair in find_near(unique, NEAR))
    counts = Counter(numbers.reshape(-1).tolist())
    met = {number for number, count in counts.items() if count > 1}.union(*near)
    numbered = zip(hashes, numbers.reshape(-1).tolist(), strict=True)
    kept = {study: number for study, number in numbered if number in met}
    return NearDuplicates(kept, near, len(hashes), unreadable)
