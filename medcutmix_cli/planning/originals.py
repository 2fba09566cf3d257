"""Rows in which nothing is mixed: the studies that no pair is found for, as they are, so that the set keeps its shape.

A row of `same-finding` always has a finding that is exchanged; a set has many that have none. No choice among mixes,
and no weight on them, brings those back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from medcutmix_cli.pairing.assembly import make_pair
from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.pairing.packing import PackedPair, pack_pair
from medcutmix_cli.pairing.proposal import Proposal
from medcutmix_cli.records import ReadStudy, Side

KEPT = "identity"
"""Strategy of such a row: that of the baseline in which nothing is mixed."""


def keep_unmixed(
    studies: Sequence[PackedStudy], pairs: Iterable[PackedPair], pairs_per_study: int
) -> Iterator[PackedPair]:
    """Yield a row for each that a study lacks; its donor is the next study of another patient, and gives nothing.

    Args:
        studies: That may be recipients, in the order of the cohort.
        pairs: That are planned.
        pairs_per_study: How often each is a recipient.
    """
    have = Counter(pair.recipient_study for pair in pairs)
    for number, study in enumerate(studies):
        lacking = pairs_per_study - have[study.study_id]
        donors = _next(studies, number) if lacking > 0 else iter(())
        for donor, _row in zip(donors, range(lacking), strict=False):
            yield kept_row(study.open(), donor.open())


def _next(studies: Sequence[PackedStudy], number: int) -> Iterator[PackedStudy]:
    """Yield the studies of the same split after one, and then those before it, that are of other patients."""
    own = studies[number]
    for step in range(1, len(studies)):
        other = studies[(number + step) % len(studies)]
        if other.subject_id != own.subject_id and other.split == own.split:
            yield other


def kept_row(study: ReadStudy, donor: ReadStudy) -> PackedPair:
    """Return a study as a row of its own."""
    proposal = Proposal(
        finding="",
        recipient=study,
        donor=donor,
        recipient_sentence=None,
        donor_sentence=None,
        recipient_side=Side.NONE,
        donor_side=Side.NONE,
        edits=(),
        kept=study.reading.sentences,
        inserted=(),
        image_mode="keep",
    )
    return pack_pair(make_pair(KEPT, proposal, study.study.report, study.reading), study.reading.sentences)
