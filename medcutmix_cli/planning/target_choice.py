"""Choose the pairs that fill the cells of a targeted plan: allocate, try, allocate what is still missing, and so on.

Each round allocates hosts and donors to cells by numbers (`allocation`), matches them one to one (`roster`), and tries
each match alone: what becomes of one decides nothing about the others of its round, so that processes may share the
work. Whatever stands against a match is counted by name.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Generator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace

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
from medcutmix_cli.planning.originals import keep_unmixed, spare_unmixed
from medcutmix_cli.planning.proposals import Chooser, Trial
from medcutmix_cli.planning.repeats import repeat_studies
from medcutmix_cli.planning.roster import Roster
from medcutmix_cli.planning.target_cells import TargetCell, expand, make_cells
from medcutmix_cli.planning.targets import KnownValues, PlanTarget, TargetNames, known_values, read_targets
from medcutmix_cli.records import Drop, TargetOutcome
from medcutmix_cli.system.worker_pool import map_in_processes

IN_NO_CELL, NOT_NEEDED, IN_RESERVE = "in-no-target-cell", "target-cell-full", "in-reserve"
NO_HOST, NO_DONOR = "no-host", "no-donor"
HOSTS_USED_UP, DONORS_USED_UP, MOST_REFUSED = "hosts-used-up", "donors-used-up", "nearly-all-refused"
NONE_FITS = "no-donor-fits-a-host"

_AT_FIRST = 64
"""Matches that are tried for a cell while it has no pair: where all are refused, thousands need not be."""

_IN_VAIN = 512
"""Refusals one after the other that close a cell."""

RESERVE = 3.0
"""Pairs in reserve for each that a cell lacks where nobody said: enough where three of four are rejected."""

_STUDIES_A_PAIR, _RESERVE_ALWAYS = 10, 250
"""Studies for each pair in reserve where nobody said: finding one takes 3 ms, reading a study 3 to 5 ms."""

_TOGETHER_FROM = 2000
"""Below this many matches a round is tried in this process: others take 3 s to start."""

_CHUNK = 64


def plan_targets(
    settings: PlanSettings, strategies: Sequence[PairingStrategy], columns: KnownValues
) -> list[PlanTarget]:
    """Read the targets of a plan, each alone; empty where it has none.

    Args:
        settings: Of the plan.
        strategies: Who is to serve them: one.
        columns: What a table says of studies besides: attribute -> its values.

    Raises:
        UsageError: A target is none, names what there is not, or asks for what the strategy cannot give; or there are
            several strategies.
    """
    values, strategy = known_values(columns), strategies[0]
    asked = read_targets(settings.target, TargetNames(values=values))
    if asked and len(strategies) > 1:
        raise UsageError(
            f"a target takes one --pairing, not {len(strategies)}",
            hint="--pairing normal-host; a run of each beside it is read together (docs/training.md)",
        )
    given = [f for f in strategy.findings if not isinstance(strategy, ByPolicy) or strategy.may_come(f)]
    targets = expand(asked, given, values)
    if targets and all(target.without for target in targets):
        hint = f"also a cell with it: --target {targets[0].finding}@..."
        raise UsageError("all targets want a finding absent, for which nothing is mixed", hint=hint)
    for target in targets:
        if target.finding not in given and not target.without:
            raise UsageError(
                f"--target {target.text!r}: {strategy.name} does not give {target.finding!r}",
                hint=f"it gives: {', '.join(given)}" if given else "--pairing normal-host",
            )
    return targets


@dataclass(slots=True)
class _Filling:
    """How far cells are filled with pairs of one kind: those that are planned, or those in reserve.

    Attributes:
        goals: Pairs that each cell is to get.
        pairs: Those that were found, by id, in the order in which they were found.
        count: Pairs that lie in each cell.
        in_vain: Refusals of each cell, one after the other.
        refused: Matches of each cell that were refused, by reason.
    """

    goals: list[int]
    pairs: dict[str, PackedPair] = field(default_factory=dict)
    count: Counter[int] = field(default_factory=Counter)
    in_vain: Counter[int] = field(default_factory=Counter)
    refused: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def lacks(self, cell: int) -> int:
        """Return how many pairs a cell still lacks."""
        return max(0, self.goals[cell] - self.count[cell])

    def requests(self) -> list[int]:
        """Return how many pairs each cell asks for now: few while none was found, none where too many were refused."""
        return [0 if self.in_vain[cell] >= _IN_VAIN else self._step(cell) for cell in range(len(self.goals))]

    def _step(self, cell: int) -> int:
        return self.lacks(cell) if self.count[cell] else min(_AT_FIRST, self.lacks(cell))


class TargetedChoice:
    """The state of choosing for cells: which pairs there are, how full the cells are, what was refused.

    Attributes:
        reserved: Pairs that replace those which rendering rejects, the first to be taken first.
    """

    def __init__(self, chooser: Chooser, targets: Sequence[PlanTarget]) -> None:
        self.chooser = chooser
        self.targets = [target for target in targets if not target.without]
        self.without = [target for target in targets if target.without]
        self.judged: set[NullKey] = set()
        self.outcomes: tuple[TargetOutcome, ...] = ()
        self.kept: frozenset[str] = frozenset()
        self._cells: list[TargetCell] = []
        self._plan, self._reserve = _Filling([]), _Filling([])
        self._last_refusal: dict[str, str] = {}
        self._hosts: frozenset[str] = frozenset()

    @property
    def pairs(self) -> dict[str, PackedPair]:
        """The planned pairs, by id."""
        return self._plan.pairs

    @property
    def reserved(self) -> tuple[PackedPair, ...]:
        """The pairs in reserve."""
        return tuple(self._reserve.pairs.values())

    def counts_by_pairing(self) -> dict[str, int]:
        """Return how many pairs the pairing has in the plan."""
        return {self.chooser.strategy.name: len(self.pairs.keys() - self.kept)}

    @property
    def refused(self) -> Counter[str]:
        """Matches that were refused, by reason."""
        return sum(self._plan.refused.values(), Counter[str]())

    @property
    def missing(self) -> int:
        """Pairs that the cells still lack; one that several lack is counted for each."""
        return sum(outcome.missing for outcome in self.outcomes)

    def choose_all(self, cohort: Cohort, shelf: SharedStudies | None, workers: int, report: Progress) -> None:
        """Fill the cells, round by round, until they are full or nobody is left to try; then their reserve."""
        for split in sorted(self.chooser.settings.splits):
            counts = Counter(study.attributes for study in cohort.studies if study.split == split)
            self._cells += make_cells(self.targets, split, counts)
        roster = Roster.of(self.chooser, cohort, self._cells)
        able = [(roster.hosts_left(cell), roster.donors_left(cell)) for cell in range(len(self._cells))]
        self._plan = _Filling(self._goals(1 + self.chooser.settings.target_spare))
        self._fill(self._plan, roster, shelf, workers, report)
        members = zip(roster.studies, roster.receives, strict=True)
        self._hosts = frozenset(study.study_id for study, cells in members if cells)
        self._last_refusal |= {roster.studies[host].study_id: NONE_FITS for host, _cell in roster.unmatched}
        planned = self._rows_by_cell()
        self.outcomes = tuple(
            self._outcome(cell, planned[self._cells[cell].name], roster, *counts)
            for cell, counts in enumerate(able)
        )
        self._hold_reserve(roster, shelf, workers, report)
        recipients = [study for study in cohort.studies if not self.chooser.bars(study)]
        if self.chooser.settings.unmixed == "keep" and self.pairs:
            self._keep(recipients)
        self._repeat(recipients)

    def _keep(self, studies: Sequence[PackedStudy]) -> None:
        """Give each study without a pair rows of its own, and hold some in reserve for the others."""
        times = self.chooser.settings.pairs_per_study
        rows = keep_unmixed(studies, self.pairs.values(), times, duplicates=self.chooser.duplicates)
        kept = {row.pair_id: row for row in rows}
        self._plan.pairs |= kept
        self.kept |= kept.keys()
        spare = spare_unmixed(studies, self.pairs, times, self.chooser.duplicates)
        self._reserve.pairs |= {row.pair_id: row for row in spare}

    def _repeat(self, studies: Sequence[PackedStudy]) -> None:
        """Fill the cells that want a finding absent with rows of their studies as they are."""
        settings, taken = self.chooser.settings, self.pairs.keys() | self._reserve.pairs.keys()
        for split in sorted(settings.splits):
            counts = Counter(study.attributes for study in studies if study.split == split)
            cells = make_cells(self.without, split, counts)
            limits = settings.max_uses_per_donor, settings.seed, self.chooser.duplicates, taken
            rows = {row.pair_id: row for row in repeat_studies(studies, cells, *limits)}
            self._plan.pairs |= rows
            self.kept |= rows.keys()
            planned = self._rows_by_cell()
            self.outcomes += tuple(_repeated(cell, planned[cell.name]) for cell in cells)

    def _rows_by_cell(self) -> Counter[str]:
        return Counter(name for pair in self.pairs.values() for name in pair.cells)

    def _goals(self, share: float) -> list[int]:
        return [math.ceil((cell.wanted - cell.have) * share) for cell in self._cells]

    def _share_in_reserve(self) -> float:
        asked = self.chooser.settings.reserve
        return RESERVE if asked < 0 else asked

    def _reserve_goals(self, studies: int) -> list[int]:
        goals = self._goals(self._share_in_reserve())
        total, most = sum(goals), max(_RESERVE_ALWAYS, studies // _STUDIES_A_PAIR)
        if self.chooser.settings.reserve >= 0 or total <= most:
            return goals
        return [goal * most // total for goal in goals]

    def _hold_reserve(
        self, roster: Roster, shelf: SharedStudies | None, workers: int, report: Progress
    ) -> None:
        """Find pairs for those that rendering will reject: other hosts first, then the same with other donors."""
        self._reserve = _Filling(self._reserve_goals(len(roster.studies)))
        self._reserve.in_vain.update(self._plan.in_vain)
        refusals = dict(self._last_refusal)
        for _ in range(math.ceil(self._share_in_reserve())):
            roster.open_again()
            self._fill(self._reserve, roster, shelf, workers, report)
        self._last_refusal = refusals

    def _fill(
        self,
        filling: _Filling,
        roster: Roster,
        shelf: SharedStudies | None,
        workers: int,
        report: Progress,
    ) -> None:
        total = sum(filling.goals)
        while matches := roster.next_matches(filling.requests()):
            with closing(self._tried(matches, roster, shelf, workers)) as trials:
                for match, trial in zip(matches, trials, strict=True):
                    self._settle(match, trial, roster, filling)
                    report("pairing", min(total, filling.count.total()), total)
        report("pairing", len(filling.pairs), len(filling.pairs))

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

    def _settle(self, match: Match, trial: Trial, roster: Roster, filling: _Filling) -> None:
        """Take a pair that its cell still lacks, or note what stood against it."""
        self.judged.update(trial.judged)
        if trial.pair is not None:
            if filling.lacks(match.cell):
                self._take(match, trial.pair, roster, filling)
            return
        filling.in_vain[match.cell] += 1
        filling.refused[match.cell][trial.reason] += 1
        self._last_refusal[roster.studies[match.host].study_id] = trial.reason
        roster.refuse(match)

    def _take(self, match: Match, pair: PackedPair, roster: Roster, filling: _Filling) -> None:
        """Take a pair, and count it in every cell that it lies in."""
        roster.accept(match)
        filling.in_vain[match.cell] = 0
        both = roster.receives[match.host] & roster.gives[match.donor]
        same = [cell for cell in sorted(both) if self._cells[cell].target.finding == match.finding]
        filling.count.update(same)
        names = tuple(self._cells[cell].name for cell in same)
        filling.pairs[pair.pair_id] = replace(pair, cells=names)

    def _outcome(self, cell: int, planned: int, roster: Roster, hosts: int, donors: int) -> TargetOutcome:
        asked = self._cells[cell]
        outcome = TargetOutcome(
            target=asked.target.text,
            split=asked.split,
            have=asked.have,
            wanted=asked.wanted,
            planned=planned,
            hosts=hosts,
            donors=donors,
            refused=dict(sorted(self._plan.refused[cell].items())),
        )
        short = self._shortage(cell, roster, hosts, donors) if outcome.missing else ""
        return replace(outcome, short=short)

    def _shortage(self, cell: int, roster: Roster, hosts: int, donors: int) -> str:
        """Name why a cell is not full."""
        reasons = {
            NO_DONOR: not donors,
            NO_HOST: not hosts,
            MOST_REFUSED: self._plan.in_vain[cell] >= _IN_VAIN or not self._plan.count[cell],
            DONORS_USED_UP: not roster.donors_left(cell),
            HOSTS_USED_UP: not roster.hosts_left(cell),
        }
        return next((name for name, holds in reasons.items() if holds), NONE_FITS)

    def drop_unpaired(self, cohort: Cohort) -> list[Drop]:
        """Return the studies that are the recipient of no pair, each by name."""
        paired = {pair.recipient_study for pair in self.pairs.values()}
        waiting = {pair.recipient_study for pair in self.reserved}
        return [
            Drop("study", study.study_id, self._reason(study, waiting))
            for study in cohort.studies
            if study.study_id not in paired
        ]

    def _reason(self, study: PackedStudy, waiting: Set[str]) -> str:
        """Name why a study receives nothing: its pair waits, what stood against it, or nothing was wanted of it."""
        if self.chooser.bars(study):
            return NOT_A_RECIPIENT
        if study.study_id in waiting:
            return IN_RESERVE
        return self._last_refusal.get(
            study.study_id, NOT_NEEDED if study.study_id in self._hosts else IN_NO_CELL
        )


def _repeated(cell: TargetCell, planned: int) -> TargetOutcome:
    """Return what became of a cell that is filled with studies as they are; each is its own host and donor."""
    outcome = TargetOutcome(
        cell.target.text, cell.split, cell.have, cell.wanted, planned, cell.have, cell.have
    )
    return replace(outcome, short=DONORS_USED_UP if cell.have else NO_HOST) if outcome.missing else outcome
