"""Choose the pairs of a plan by one or several pairings, and hold in reserve or keep what the shape of the set needs.

Each pairing chooses as it would in a plan of its own, so that a run of several has the mixes of their runs; the shape
of the set is that of all rows together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from medcutmix_cli.engines import Progress
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy
from medcutmix_cli.pairing.nulls import NullKey
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.pairing.shared_studies import SharedStudies
from medcutmix_cli.planning.choice import PairChoice
from medcutmix_cli.planning.originals import keep_unmixed, spare_unmixed
from medcutmix_cli.planning.proposals import Chooser
from medcutmix_cli.planning.reserve import SHAPE, SHARE, beyond_shape
from medcutmix_cli.records import Drop, TargetOutcome


class JoinedChoice:
    """The pairs of all pairings of a plan.

    Attributes:
        parts: What each pairing chose, in the order of the settings.
        pairs: What is planned, by id: the pairs of all, and the rows in which nothing is mixed.
        kept: Ids of the rows in which nothing is mixed.
        reserve: Pairs that were found and are not planned, by reason.
        reserved: Pairs that replace those which rendering rejects, the first to be taken first.
        outcomes: Of targets, which it has none of.
    """

    def __init__(self, choosers: Sequence[Chooser]) -> None:
        self.parts = [PairChoice(chooser) for chooser in choosers]
        self.chooser = choosers[0]
        self.settings = self.chooser.settings
        self.pairs: dict[str, PackedPair] = {}
        self.kept: frozenset[str] = frozenset()
        self.reserve: Counter[str] = Counter()
        self.reserved: tuple[PackedPair, ...] = ()
        self.outcomes: tuple[TargetOutcome, ...] = ()

    @property
    def times(self) -> int:
        """How often each study is a recipient: as often by each pairing."""
        return self.settings.pairs_per_study * len(self.parts)

    @property
    def refused(self) -> Counter[str]:
        """Candidates that were tried and refused, by reason."""
        return sum((part.refused for part in self.parts), Counter[str]())

    @property
    def judged(self) -> set[NullKey]:
        """The findings whose maps decide where a pair is mixed, where there is a gate, and those it refused."""
        return set().union(*(part.judged for part in self.parts))

    @property
    def missing(self) -> int:
        """Pairs asked for that were not found, of studies that are recipients of some."""
        if not self.kept:
            return sum(part.missing for part in self.parts)
        return self.times * len({pair.recipient_study for pair in self.pairs.values()}) - len(self.pairs)

    def choose_all(self, cohort: Cohort, shelf: SharedStudies | None, workers: int, report: Progress) -> None:
        """Choose by each pairing in turn; what the others chose decides nothing."""
        for number, part in enumerate(self.parts):
            part.choose_all(cohort, shelf, workers, partial(self._report, report, number))

    def _report(self, report: Progress, number: int, stage: str, done: int, total: int) -> None:
        report(stage, number * total + done, len(self.parts) * total)

    def counts_by_pairing(self) -> dict[str, int]:
        """Return how many pairs each pairing has in the plan."""
        return {part.chooser.strategy.name: len(part.pairs) for part in self.parts}

    def keep_shape(self, studies: Sequence[PackedStudy]) -> None:
        """Hold in reserve what would shift the set, and keep what is not mixed, as far as the settings ask for it.

        Where nothing at all is mixed nothing is kept: a plan of originals alone would look like one that worked.
        """
        self.reserve[SHARE] = sum(part.hold_beyond_share() for part in self.parts)
        if self.keeps_unmixed() and any(part.pairs for part in self.parts):
            beyond = beyond_shape(self._mixes(), studies, self.times, self.settings.shape_tolerance)
            self.reserve[SHAPE] = sum(part.hold(beyond, SHAPE) for part in self.parts)
            rows = keep_unmixed(studies, self._mixes(), self.times, duplicates=self.chooser.duplicates)
            self.pairs = {row.pair_id: row for row in rows}
        self.kept = frozenset(self.pairs)
        self.pairs |= {pair.pair_id: pair for pair in self._mixes()}

    def _mixes(self) -> list[PackedPair]:
        return [pair for part in self.parts for pair in part.pairs.values()]

    def keeps_unmixed(self) -> bool:
        """Say whether studies without a pair have a row as they are: by the settings, or by every pairing."""
        asked = self.settings.unmixed
        own = {part.chooser.strategy.unmixed for part in self.parts}
        return asked == "keep" or (asked == "auto" and "drop" not in own)

    def hold_reserve(self, cohort: Cohort, recipients: Sequence[PackedStudy]) -> None:
        """Find pairs for those that rendering will reject, as far as the settings ask for them.

        Those come first by which a donor gives too much: where another one of its pairs is rejected, they fit. Where
        the set keeps its shape, a row of each recipient as it is comes last.
        """
        spare = self._spare_rows(recipients)
        if self.settings.reserve <= 0:
            self.reserved = tuple(spare)
            return
        others = [pair for part in self.parts for pair in part.find_reserve(cohort)]
        held = [pair for part in self.parts for pair in part.held[SHARE]]
        self.reserved = (*held, *others, *spare)

    def _spare_rows(self, studies: Sequence[PackedStudy]) -> list[PackedPair]:
        if not self.keeps_unmixed():
            return []
        return spare_unmixed(studies, self.pairs, self.times, self.chooser.duplicates)

    def drop_unpaired(self, cohort: Cohort) -> list[Drop]:
        """Return the studies that are the recipient of no pair, each with the last thing that stood against it."""
        paired = {pair.recipient_study for pair in self.pairs.values()}
        ids = [study.study_id for study in cohort.studies if study.study_id not in paired]
        return [Drop("study", study_id, self._last_refusal(study_id)) for study_id in ids]

    def _last_refusal(self, study_id: str) -> str:
        told = (part.last_refusal.get(study_id) for part in reversed(self.parts))
        return next((reason for reason in told if reason), "no-proposal")
