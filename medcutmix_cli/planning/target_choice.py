"""Choose the pairs that fill the cells of a targeted plan: allocate, try, allocate what is still missing, and so on.

Each round allocates hosts and donors to cells by numbers (`allocation`), matches them one to one (`roster`), and tries
each match alone: what becomes of one decides nothing about the others of its round, so that processes may share the
work. Whatever stands against a match is counted by name.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import UsageError
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy
from medcutmix_cli.pairing.nulls import NullKey
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.pairing.policy import ByPolicy
from medcutmix_cli.pairing.proposal import PairingStrategy
from medcutmix_cli.pairing.roles import NOT_A_RECIPIENT
from medcutmix_cli.pairing.shared_studies import SharedStudies
from medcutmix_cli.planning.matches import Match, prepare_matching, try_match, try_matches
from medcutmix_cli.planning.proposals import Chooser, Trial
from medcutmix_cli.planning.roster import Roster
from medcutmix_cli.planning.target_cells import TargetCell, expand, make_cells
from medcutmix_cli.planning.targets import KnownValues, PlanTarget, TargetNames, known_values, read_targets
from medcutmix_cli.records import Drop, TargetOutcome
from medcutmix_cli.system.worker_pool import map_in_processes

IN_NO_CELL, NOT_NEEDED = "in-no-target-cell", "target-cell-full"
NO_HOST, NO_DONOR = "no-host", "no-donor"
HOSTS_USED_UP, DONORS_USED_UP, MOST_REFUSED = "hosts-used-up", "donors-used-up", "nearly-all-refused"
NONE_FITS = "no-donor-fits-a-host"

_AT_FIRST = 64
"""Matches that are tried for a cell while it has no pair: where all are refused, thousands need not be."""

_IN_VAIN = 512
"""Refusals one after the other that close a cell."""

_TOGETHER_FROM = 2000
"""Below this many matches a round is tried in this process: others take 3 s to start."""

_CHUNK = 64


def plan_targets(settings: PlanSettings, strategy: PairingStrategy, columns: KnownValues) -> list[PlanTarget]:
    """Read the targets of a plan, each alone; empty where it has none.

    Args:
        settings: Of the plan.
        strategy: Who is to serve them.
        columns: What a table says of studies besides: attribute -> its values.

    Raises:
        UsageError: A target is none, names what there is not, or asks for what the strategy cannot give.
    """
    values = known_values(columns)
    asked = read_targets(settings.target, TargetNames(values=values))
    given = [f for f in strategy.findings if not isinstance(strategy, ByPolicy) or strategy.may_come(f)]
    targets = expand(asked, given, values)
    for target in targets:
        if target.finding not in given:
            raise UsageError(
                f"--target {target.text!r}: {strategy.name} does not give {target.finding!r}",
                hint=f"it gives: {', '.join(given)}" if given else "--pairing normal-host",
            )
    return targets


class TargetedChoice:
    """The state of choosing for cells: which pairs there are, how full the cells are, what was refused."""

    def __init__(self, chooser: Chooser, targets: Sequence[PlanTarget]) -> None:
        self.chooser = chooser
        self.targets = targets
        self.pairs: dict[str, PackedPair] = {}
        self.judged: set[NullKey] = set()
        self.outcomes: tuple[TargetOutcome, ...] = ()
        self._cells: list[TargetCell] = []
        self._planned: Counter[int] = Counter()
        self._in_vain: Counter[int] = Counter()
        self._refused: dict[int, Counter[str]] = defaultdict(Counter)
        self._last_refusal: dict[str, str] = {}
        self._hosts: frozenset[str] = frozenset()

    @property
    def refused(self) -> Counter[str]:
        """Matches that were refused, by reason."""
        return sum(self._refused.values(), Counter[str]())

    @property
    def missing(self) -> int:
        """Pairs that the cells still lack; one that several lack is counted for each."""
        return sum(outcome.missing for outcome in self.outcomes)

    def choose_all(self, cohort: Cohort, shelf: SharedStudies | None, workers: int, report: Progress) -> None:
        """Fill the cells, round by round, until they are full or nobody is left to try."""
        for split in sorted(self.chooser.settings.splits):
            counts = Counter(study.attributes for study in cohort.studies if study.split == split)
            self._cells += make_cells(self.targets, split, counts)
        roster = Roster.of(self.chooser, cohort, self._cells)
        able = [(roster.hosts_left(cell), roster.donors_left(cell)) for cell in range(len(self._cells))]
        total = sum(cell.wanted - cell.have for cell in self._cells)
        while matches := roster.next_matches([self._asked(cell) for cell in range(len(self._cells))]):
            with closing(self._tried(matches, roster, shelf, workers)) as trials:
                for match, trial in zip(matches, trials, strict=True):
                    self._settle(match, trial, roster)
                    report("pairing", min(total, self._planned.total()), total)
        report("pairing", len(self.pairs), len(self.pairs))
        members = zip(roster.studies, roster.receives, strict=True)
        self._hosts = frozenset(study.study_id for study, cells in members if cells)
        self._last_refusal |= {roster.studies[host].study_id: NONE_FITS for host, _cell in roster.unmatched}
        self.outcomes = tuple(self._outcome(cell, roster, *counts) for cell, counts in enumerate(able))

    def _lacks(self, cell: int) -> int:
        """Return how many pairs a cell still lacks, spare ones among them."""
        missing = self._cells[cell].wanted - self._cells[cell].have
        return max(0, math.ceil(missing * (1 + self.chooser.settings.target_spare)) - self._planned[cell])

    def _asked(self, cell: int) -> int:
        """Return how many pairs are asked for now: few while none was found, none where too many were refused."""
        if self._in_vain[cell] >= _IN_VAIN:
            return 0
        return self._lacks(cell) if self._planned[cell] else min(_AT_FIRST, self._lacks(cell))

    def _tried(
        self, matches: Sequence[Match], roster: Roster, shelf: SharedStudies | None, workers: int
    ) -> Generator[Trial, None, None]:
        if shelf is None or len(matches) < _TOGETHER_FROM:
            yield from (try_match(match, self.chooser, roster.studies) for match in matches)
            return
        parts = [list(matches[start : start + _CHUNK]) for start in range(0, len(matches), _CHUNK)]
        given = (self.chooser, shelf)
        results = map_in_processes(
            try_matches, parts, workers, doing="chose pairs", prepare=prepare_matching, given=given
        )
        with closing(results):
            for part in results:
                yield from part

    def _settle(self, match: Match, trial: Trial, roster: Roster) -> None:
        """Take a pair that its cell still lacks, or note what stood against it."""
        self.judged.update(trial.judged)
        if trial.pair is not None:
            if self._lacks(match.cell):
                self.pairs[trial.pair_id] = trial.pair
                roster.accept(match)
                self._count(match, roster)
            return
        self._in_vain[match.cell] += 1
        self._refused[match.cell][trial.reason] += 1
        self._last_refusal[roster.studies[match.host].study_id] = trial.reason
        roster.refuse(match)

    def _count(self, match: Match, roster: Roster) -> None:
        """Count a pair in every cell that it lies in."""
        self._in_vain[match.cell] = 0
        both = roster.receives[match.host] & roster.gives[match.donor]
        same = (cell for cell in both if self._cells[cell].target.finding == match.finding)
        self._planned.update(same)

    def _outcome(self, cell: int, roster: Roster, hosts: int, donors: int) -> TargetOutcome:
        asked = self._cells[cell]
        outcome = TargetOutcome(
            target=asked.target.text,
            split=asked.split,
            have=asked.have,
            wanted=asked.wanted,
            planned=self._planned[cell],
            hosts=hosts,
            donors=donors,
            refused=dict(sorted(self._refused[cell].items())),
        )
        short = self._shortage(cell, roster, hosts, donors) if outcome.missing else ""
        return replace(outcome, short=short)

    def _shortage(self, cell: int, roster: Roster, hosts: int, donors: int) -> str:
        """Name why a cell is not full."""
        reasons = {
            NO_DONOR: not donors,
            NO_HOST: not hosts,
            MOST_REFUSED: self._in_vain[cell] >= _IN_VAIN or not self._planned[cell],
            DONORS_USED_UP: not roster.donors_left(cell),
            HOSTS_USED_UP: not roster.hosts_left(cell),
        }
        return next((name for name, holds in reasons.items() if holds), NONE_FITS)

    def drop_unpaired(self, cohort: Cohort) -> list[Drop]:
        """Return the studies that are the recipient of no pair, each by name."""
        paired = {pair.recipient_study for pair in self.pairs.values()}
        return [
            Drop("study", study.study_id, self._reason(study))
            for study in cohort.studies
            if study.study_id not in paired
        ]

    def _reason(self, study: PackedStudy) -> str:
        """Name why a study received nothing: what stood against it last, or that nothing was wanted of it."""
        if self.chooser.bars(study):
            return NOT_A_RECIPIENT
        return self._last_refusal.get(
            study.study_id, NOT_NEEDED if study.study_id in self._hosts else IN_NO_CELL
        )
