"""Choose one pairing's pairs for all recipients, round by round, in their order; processes may try them ahead of it.

Whoever is asked later knows of all who were asked before. Several pairings are joined by `joined_choice`, targets are
served by `target_choice`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from enum import Enum, auto
from typing import NamedTuple

from medcutmix_cli.engines import Progress
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy
from medcutmix_cli.pairing.nulls import NullKey
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.pairing.roles import NOT_A_RECIPIENT
from medcutmix_cli.pairing.shared_studies import SharedStudies
from medcutmix_cli.planning.alternates import find_alternates
from medcutmix_cli.planning.proposals import TOO_FEW_NULLS, USED_UP, Chooser, Trial, prepare_worker, try_part
from medcutmix_cli.planning.reserve import SHAPE, SHARE, beyond_share
from medcutmix_cli.system.worker_pool import map_in_processes

_CHUNK = 64

_Turn = tuple[int, PackedStudy, Iterable[Trial]]
"""(draw, recipient, what was tried for it)"""


class _Settled(Enum):
    """Whether it is known what becomes of a recipient."""

    NOW = auto()
    LATER = auto()  # a donor is used up that may give again in a later round
    UNKNOWN = auto()  # a pair is refused that was made without knowing of the others: what comes after it?


class _Waiting(NamedTuple):
    """A recipient that found donors used up who may give again in a later round, and what it was told."""

    draw: int
    recipient: PackedStudy
    known: tuple[Trial, ...]


class PairChoice:
    """The state of choosing by one pairing: who was used how often, which pairs there are, what was refused."""

    def __init__(self, chooser: Chooser) -> None:
        self.chooser = chooser
        self.settings = chooser.settings
        self.pairs: dict[str, PackedPair] = {}
        self.uses: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.last_refusal: dict[str, str] = {}
        self.judged: set[NullKey] = set()
        self.limit = self._limits()[0]
        self.held: dict[str, list[PackedPair]] = defaultdict(list)

    @property
    def missing(self) -> int:
        """Pairs asked for that were not found, of studies that are recipients of some."""
        recipients = {pair.recipient_study for pair in self.pairs.values()}
        return self.settings.pairs_per_study * len(recipients) - len(self.pairs)

    def choose_all(self, cohort: Cohort, shelf: SharedStudies | None, workers: int, report: Progress) -> None:
        """Choose for each recipient in the order of the cohort; several may be tried at once, ahead of their turn.

        Nobody gives a third time before all have been asked who may give twice, and so on: recipients that find all
        their donors used up wait for the next round.
        """
        total = self.settings.pairs_per_study * len(cohort.studies)
        turns = self._tried_together(cohort, shelf, workers) if shelf else self._tried_in_turn(cohort)
        waiting: list[_Waiting] = []
        with closing(turns):
            for done, (draw, recipient, tried) in enumerate(turns, start=1):
                if self.chooser.bars(recipient):
                    self.last_refusal[recipient.study_id] = NOT_A_RECIPIENT
                else:
                    waiting += self._settled(cohort, draw, recipient, tried)
                report("pairing", done, total)
        for limit in self._limits()[1:]:
            self.limit = limit
            waiting = [still for one in waiting for still in self._asked_again(cohort, one)]

    def _limits(self) -> list[int]:
        """Return how often a study may give, round by round: 2, 3, 4, 6, ... up to what the settings allow."""
        limits = [min(2, self.settings.max_uses_per_donor)]
        while limits[-1] < self.settings.max_uses_per_donor:
            limits.append(min(limits[-1] + max(1, limits[-1] // 2), self.settings.max_uses_per_donor))
        return limits

    def _settled(
        self, cohort: Cohort, draw: int, recipient: PackedStudy, tried: Iterable[Trial]
    ) -> list[_Waiting]:
        """Settle a recipient by what was tried for it; where that knew of no other pair, try again, knowing of all.

        Returns:
            The recipient, where it has to wait for the next round.
        """
        state, trials = self._settle(recipient.study_id, tried)
        if state is _Settled.UNKNOWN:
            again = self.chooser.try_proposals(recipient, cohort, draw, self.rule_against, trials)
            state, trials = self._settle(recipient.study_id, again)
        return [_Waiting(draw, recipient, trials)] if state is _Settled.LATER else []

    def _asked_again(self, cohort: Cohort, waiting: _Waiting) -> list[_Waiting]:
        """Settle a recipient that waited: only what donors say who were used up then is new."""
        draw, recipient, known = waiting
        free = any(t.reason == USED_UP and self.uses[t.donor] < self.limit for t in known)
        if not free and self.limit < self.settings.max_uses_per_donor:
            return [waiting]
        again = self.chooser.try_proposals(recipient, cohort, draw, self.rule_against, known)
        return self._settled(cohort, draw, recipient, again if free else known)

    def _tried_in_turn(self, cohort: Cohort) -> Generator[_Turn, None, None]:
        for draw in range(self.settings.pairs_per_study):
            for recipient in cohort.studies:
                yield draw, recipient, self.chooser.try_proposals(recipient, cohort, draw, self.rule_against)

    def _tried_together(
        self, cohort: Cohort, shelf: SharedStudies, workers: int
    ) -> Generator[_Turn, None, None]:
        count = len(cohort.studies)
        starts = range(0, count, _CHUNK)
        parts = [
            (draw, start, min(start + _CHUNK, count))
            for draw in range(self.settings.pairs_per_study)
            for start in starts
        ]
        given = (self.chooser, shelf)
        results = map_in_processes(
            try_part, parts, workers, doing="chose pairs", prepare=prepare_worker, given=given
        )
        with closing(results):
            for (draw, start, end), tried in zip(parts, results, strict=True):
                for recipient, own in zip(cohort.studies[start:end], tried, strict=True):
                    yield draw, recipient, own

    def rule_against(self, donor: str, pair_id: str) -> str:
        """Name the rule by which other pairs stand against one, "" where none does."""
        if self.uses[donor] >= self.limit:
            return USED_UP
        return "pair-already-planned" if pair_id in self.pairs else ""

    def _settle(self, study_id: str, tried: Iterable[Trial]) -> tuple[_Settled, tuple[Trial, ...]]:
        """Take the first pair that no other pair stands against; nothing is noted of one that is not settled.

        Returns:
            What is known of the recipient, and its trials without a pair, as far as they went.
        """
        met: list[Trial] = []
        last = None
        for last in tried:
            reason = (self.rule_against(last.donor, last.pair_id) if last.donor else "") or last.reason
            if not reason and last.pair is not None:
                self.pairs[last.pair_id] = last.pair
                self.uses[last.donor] += 1
                self.judged.update(last.judged)
                break
            # What stands against it now is no word on it: it may be tried again, and judged then.
            met.append(Trial(reason, last.donor, judged=last.judged if reason == last.reason else ()))
        else:
            if last is not None and last.pair is not None:
                return _Settled.UNKNOWN, tuple(met)
            if any(t.reason == USED_UP for t in met) and self.limit < self.settings.max_uses_per_donor:
                return _Settled.LATER, tuple(met)
            if met:
                self.last_refusal[study_id] = _most_telling(met)
        self.refused.update(t.reason for t in met)
        self.judged.update(key for t in met for key in t.judged)
        return _Settled.NOW, ()

    def hold(self, ids: Iterable[str], reason: str) -> int:
        """Put pairs in reserve, those of other pairings left out, and return how many."""
        own = [pair_id for pair_id in ids if pair_id in self.pairs]
        for pair_id in own:
            pair = self.pairs.pop(pair_id)
            self.last_refusal[pair.recipient_study] = reason
            self.held[reason].append(pair)
        return len(own)

    def hold_beyond_share(self) -> int:
        """Put in reserve by which a donor gives more than its share of a finding's rows, and return how many."""
        return self.hold(beyond_share(self.pairs.values(), self.settings.max_donor_share), SHARE)

    def find_reserve(self, cohort: Cohort) -> list[PackedPair]:
        """Find other pairs for those that rendering will reject, as many as the settings ask for."""
        held = [*self.held[SHARE], *self.held[SHAPE]]
        found = find_alternates(self.chooser, cohort, self.pairs, held)
        self.judged.update(key for trial in found for key in trial.judged)
        return [trial.pair for trial in found if trial.pair is not None]


def _most_telling(met: Sequence[Trial]) -> str:
    """Return why a recipient found nobody: for want of null pictures alone, if that stood against any, else the last.

    A candidate that the gate refuses has text that fits: other settings would have made a pair of it.
    """
    return TOO_FEW_NULLS if any(t.reason == TOO_FEW_NULLS for t in met) else met[-1].reason
