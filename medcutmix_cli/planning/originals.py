"""Rows in which nothing is mixed: the studies that no pair is found for, as they are, so that the set keeps its shape.

A row of `same-finding` always has a finding that is exchanged; a set has many that have none. No choice among mixes,
and no weight on them, brings those back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from medcutmix_cli.pairing.assembly import hash_pair, make_pair
from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.pairing.proposal import Proposal
from medcutmix_cli.planning.near_duplicates import NONE_COMPARED, NearDuplicates
from medcutmix_cli.records import Pair, ReadStudy, Side

KEPT = "identity"
"""Strategy of such a row: that of the baseline in which nothing is mixed."""


def keep_unmixed(
    studies: Sequence[PackedStudy],
    pairs: Iterable[PackedPair],
    pairs_per_study: int,
    only: Container[str] | None = None,
    duplicates: NearDuplicates = NONE_COMPARED,
) -> Iterator[PackedPair]:
    """Yield a row for each that a study lacks; its donor is the next study of another patient, and gives nothing.

    Args:
        studies: That may be recipients, in the order of the cohort.
        pairs: That are planned.
        pairs_per_study: How often each is a recipient.
        only: Ids of the studies to yield rows of; None for all.
        duplicates: Studies that must not stand in one row.
    """
    have, givers = Counter(pair.recipient_study for pair in pairs), _givers(studies)
    for number, study in enumerate(studies):
        wanted = only is None or study.study_id in only
        lacking = pairs_per_study - have[study.study_id] if wanted else 0
        donors = _next(studies, givers, number, duplicates) if lacking > 0 else iter(())
        for donor, _row in zip(donors, range(lacking), strict=False):
            yield kept_row(study, donor)


def spare_unmixed(
    studies: Sequence[PackedStudy],
    pairs: Mapping[str, PackedPair],
    pairs_per_study: int,
    duplicates: NearDuplicates = NONE_COMPARED,
) -> list[PackedPair]:
    """Return rows that stand in where all pairs of a study are rejected: it would have none.

    Args:
        studies: That may be recipients, in the order of the cohort.
        pairs: That are planned, by id.
        pairs_per_study: How often each is a recipient.
        duplicates: Studies that must not stand in one row.
    """
    mixed = {pair.recipient_study for pair in pairs.values() if pair.finding}
    rows = keep_unmixed(studies, (), pairs_per_study, mixed, duplicates)
    return [row for row in rows if row.pair_id not in pairs]


def next_givers(
    studies: Sequence[PackedStudy], places: Iterable[int], duplicates: NearDuplicates
) -> Iterator[Iterator[PackedStudy]]:
    """Yield of each place who may stand beside its study, one after the other."""
    givers = _givers(studies)
    return (_next(studies, givers, place, duplicates) for place in places)


def _givers(studies: Sequence[PackedStudy]) -> dict[str, list[int]]:
    """Return the places of the studies of each split that may give, ascending."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, study in enumerate(studies):
        if study.may_give:
            places[study.split].append(number)
    return places


def _next(
    studies: Sequence[PackedStudy],
    givers: Mapping[str, list[int]],
    number: int,
    duplicates: NearDuplicates,
) -> Iterator[PackedStudy]:
    """Yield the givers of the same split after a study, and then those before it, that are of other patients."""
    own = studies[number]
    places = givers.get(own.split, [])
    after = bisect_right(places, number)
    for step in range(len(places)):
        other = studies[places[(after + step) % len(places)]]
        if other.subject_id != own.subject_id and not duplicates.bar(own.study_id, other.study_id):
            yield other


@dataclass(frozen=True, slots=True)
class KeptRow(PackedPair):
    """A study as a row of its own: nothing but where its two studies lie, until it is written.

    A set has more of them than of mixes, and most are held in reserve.
    """

    study: PackedStudy = field(kw_only=True)
    donor: PackedStudy = field(kw_only=True)

    @property
    def is_mix(self) -> bool:
        """Whether anything of another study may be in it: no."""
        return False

    def open(self) -> Pair:
        """Return the row."""
        read = self.study.open()
        row = make_pair(KEPT, _kept(read, self.donor.open()), read.study.report, read.reading)
        return replace(row, cells=self.cells) if self.cells else row


def kept_row(study: PackedStudy, donor: PackedStudy) -> KeptRow:
    """Return a study as a row of its own; neither is opened."""
    return KeptRow(
        pair_id=hash_pair(KEPT, ("",), (study.study_id, study.image_id), (donor.study_id, donor.image_id)),
        finding="",
        recipient_study=study.study_id,
        recipient_image=study.image_id,
        donor_image=donor.image_id,
        packed=b"",
        donor_study=donor.study_id,
        traits=study.row_traits,
        sentences=study.sentences,
        study=study,
        donor=donor,
    )


def _kept(study: ReadStudy, donor: ReadStudy) -> Proposal:
    return Proposal(
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
