"""Which of the pairs that were found are planned, and which are held in reserve: the rows say what the set says.

The order of ids, which are hashes, decides: neither the order of studies nor the number of workers does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.run.refill import allowed_rows
from medcutmix_cli.system.counts import whole_share

SHAPE, SHARE, FOR_REJECTED = "shape-would-shift", "donor-share-reached", "for-rejected"
"""Why a pair is held in reserve."""


def beyond_share(pairs: Iterable[PackedPair], share: float) -> list[str]:
    """Return the ids of the pairs by which a donor gives more than a share of a finding's rows, and more than two."""
    given: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        if pair.finding:
            given[pair.finding][pair.donor_study].append(pair.pair_id)
    held: list[str] = []
    for donors in given.values():
        allowed = allowed_rows(share, sum(len(ids) for ids in donors.values()))
        held += [one for ids in donors.values() for one in sorted(ids)[allowed:]]
    return sorted(held)


def beyond_shape(
    pairs: Iterable[PackedPair], studies: Iterable[PackedStudy], pairs_per_study: int, tolerance: float
) -> list[str]:
    """Return the ids of the pairs that would shift a trait's share beyond what is tolerated.

    A study without a pair has a row of its own, so that a pair shifts the rows by what it changes of its recipient.
    Pairs are taken in the order of ids as long as no bound is broken; what was refused is asked again, since one
    pair may make up for another, until nothing is gained.

    Args:
        pairs: That could be planned.
        studies: That may be recipients.
        pairs_per_study: How often each is a recipient.
        tolerance: Relative difference.
    """
    own = {study.study_id: study.traits for study in studies}
    originals = Counter(trait for traits in own.values() for trait in traits)
    bounds = {trait: whole_share(tolerance, pairs_per_study * count) for trait, count in originals.items()}
    off: Counter[str] = Counter()
    waiting = sorted(pairs, key=lambda pair: pair.pair_id)
    while True:
        held = [pair for pair in waiting if not _taken(_changed(pair, own), off, bounds)]
        if len(held) == len(waiting):
            return [pair.pair_id for pair in held]
        waiting = held


def _changed(pair: PackedPair, own: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return by how much a pair changes the count of each trait: 1 or -1."""
    before, now = set(own[pair.recipient_study]), set(pair.traits)
    return dict.fromkeys(now - before, 1) | dict.fromkeys(before - now, -1)


def _taken(changes: Mapping[str, int], off: Counter[str], bounds: Mapping[str, int]) -> bool:
    """Count a pair's changes in, unless one of them leads further out of a bound."""
    for trait, change in changes.items():
        after = abs(off[trait] + change)
        if after > bounds.get(trait, 0) and after > abs(off[trait]):
            return False
    off.update(changes)
    return True
