"""Who can still receive and give for which cells, and who is matched with whom next.

Opens no study: what is known of each by name decides. The order is drawn by the seed from ids.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import nsmallest

from medcutmix_cli.pairing.attributes import StatedFinding
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy
from medcutmix_cli.pairing.policy import ByPolicy
from medcutmix_cli.planning.allocation import Group, allocate
from medcutmix_cli.planning.matches import Match
from medcutmix_cli.planning.proposals import Chooser
from medcutmix_cli.planning.target_cells import TargetCell
from medcutmix_cli.records import Side
from medcutmix_cli.seeds import stable_hash

TRIES = 4
"""Donors that a host is tried with for one cell before it is left out of it."""

_LOOKS = 64
"""Donors that are looked at for a host, of those that a cell is given in a round."""


@dataclass(slots=True)
class Roster:
    """The studies of a cohort as hosts and donors of cells.

    Attributes:
        studies: As in the cohort.
        cells: What is to be filled.
        receives: Cells that each study lies in as a host (likewise gives: that it can give for).
        host_left: How often each study may still receive (likewise donor_left: give).
        order: Positions of the studies in the order in which they are taken.
        times: How often the roster was opened: once, and again for the reserve.
        unmatched: (host, cell) where no donor fitted.
    """

    chooser: Chooser
    studies: tuple[PackedStudy, ...]
    cells: Sequence[TargetCell]
    receives: list[Group]
    gives: list[Group]
    host_left: list[int]
    donor_left: list[int]
    order: list[int]
    unmatched: dict[tuple[int, int], None] = field(default_factory=dict)
    times: int = 1
    _refusals: Counter[tuple[int, int]] = field(default_factory=Counter)
    _gone: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    _tried: set[tuple[int, int, str]] = field(default_factory=set)

    @classmethod
    def of(cls, chooser: Chooser, cohort: Cohort, cells: Sequence[TargetCell]) -> Roster:
        """Enter every study of a cohort."""
        studies, settings = cohort.studies, chooser.settings
        drawn = [stable_hash(settings.seed, "target", study.study_id) for study in studies]
        receives, gives = _Serving(_may_receive(chooser), cells), _Serving(_may_give, cells)
        return cls(
            chooser,
            studies,
            cells,
            receives=[receives.of(study) for study in studies],
            gives=[gives.of(study) for study in studies],
            host_left=[settings.pairs_per_study] * len(studies),
            donor_left=[settings.max_uses_per_donor] * len(studies),
            order=sorted(range(len(studies)), key=drawn.__getitem__),
        )

    def next_matches(self, missing: Sequence[int]) -> list[Match]:
        """Match hosts and donors for what cells lack; empty where nobody can serve any of them."""
        wanted = frozenset(cell for cell, count in enumerate(missing) if count)
        while wanted:
            gone = len(self.unmatched)
            matches = self._round(missing, wanted)
            if matches or len(self.unmatched) == gone:
                return matches
        return []

    def _round(self, missing: Sequence[int], wanted: Group) -> list[Match]:
        hosts = self._groups(wanted, self._serves, self.host_left)
        donors = self._groups(wanted, lambda i: self.gives[i], self.donor_left)
        allocation = allocate(
            missing,
            {group: len(members) for group, members in hosts.items()},
            {group: sum(self.donor_left[i] for i in members) for group, members in donors.items()},
            lambda one, other: self.cells[one].includes(self.cells[other]),
        )
        turns = {group: iter(members) for group, members in hosts.items()}
        queue = _Queue(donors, self.donor_left.copy(), self._rank)
        matches: list[Match] = []
        for cell in sorted(wanted):
            chosen = [next(turns[g]) for g, n in _sorted(allocation.hosts.get(cell, {})) for _ in range(n)]
            queue.begin(cell, allocation.donors.get(cell, {}))
            matches += self._paired(cell, chosen, queue)
        return matches

    def open_again(self) -> None:
        """Let every study receive and give as often again: of two pairs of the same host one may be rejected."""
        settings = self.chooser.settings
        self.host_left = [left + settings.pairs_per_study for left in self.host_left]
        self.donor_left = [left + settings.max_uses_per_donor for left in self.donor_left]
        self.times += 1

    def accept(self, match: Match) -> None:
        """Note that a match became a pair."""
        self.host_left[match.host] -= 1
        self.donor_left[match.donor] -= 1

    def refuse(self, match: Match) -> None:
        """Note that a match was refused: a host that was refused often is left out of the cell."""
        self._refusals[match.host, match.cell] += 1
        if self._refusals[match.host, match.cell] >= TRIES:
            self._gone[match.host].add(match.cell)

    def hosts_left(self, cell: int) -> int:
        """Return how many studies can still receive for a cell."""
        able = (i for i, group in enumerate(self.receives) if cell in group and self.host_left[i])
        return sum(cell not in self._gone.get(i, ()) for i in able)

    def donors_left(self, cell: int) -> int:
        """Return how many studies can still give for a cell."""
        return sum(cell in group and self.donor_left[i] > 0 for i, group in enumerate(self.gives))

    def _serves(self, host: int) -> Group:
        return self.receives[host] - self._gone[host] if host in self._gone else self.receives[host]

    def _groups(
        self, wanted: Group, serves: Callable[[int], Group], left: Sequence[int]
    ) -> dict[Group, list[int]]:
        """Return group -> studies that can serve it now: those that served least first."""
        groups: dict[Group, list[int]] = defaultdict(list)
        for i in sorted((i for i in self.order if left[i]), key=lambda i: -left[i]):
            group = serves(i) & wanted
            if group:
                groups[group].append(i)
        return groups

    def _rank(self, donor: int, left: int) -> tuple[int, int]:
        """Return when a donor's turn comes: those that gave least first, then those with the fewest other findings."""
        given = self.times * self.chooser.settings.max_uses_per_donor - left
        return given, self.studies[donor].findings

    def _paired(self, cell: int, hosts: Iterable[int], queue: _Queue) -> Iterator[Match]:
        """Match each host with the first donor that fits; one that fits none is left out of the cell."""
        finding = self.cells[cell].target.finding
        for host in hosts:
            donor = queue.take(partial(self._fits, host, finding=finding))
            if donor is None:
                self._gone[host].add(cell)
                self.unmatched[host, cell] = None
                continue
            self._tried.add((host, donor, finding))
            draw = self.times * self.chooser.settings.pairs_per_study - self.host_left[host]
            yield Match(host, donor, finding, cell, draw)

    def _fits(self, host: int, donor: int, *, finding: str) -> bool:
        """Say whether two studies may meet, before either is opened."""
        one, other = self.studies[host], self.studies[donor]
        if one.subject_id == other.subject_id or (host, donor, finding) in self._tried:
            return False
        strategy = self.chooser.strategy
        same_view = isinstance(strategy, ByPolicy) and strategy.rule(finding).same_view
        return not same_view or one.attributes.value("view") == other.attributes.value("view")


@dataclass(slots=True)
class _Queue:
    """The donors of one round: those allocated to a cell, then others, in the order of their turns."""

    groups: Mapping[Group, Sequence[int]]
    left: list[int]
    rank: Callable[[int, int], tuple[int, int]]
    _allocated: deque[int] = field(default_factory=deque)
    _others: deque[int] = field(default_factory=deque)

    def begin(self, cell: int, given: Mapping[Group, int]) -> None:
        """Put the donors of a cell in a queue; what an earlier cell did not need is free again."""
        for donor in self._allocated:
            self.left[donor] += 1
        chosen = [turn for group, count in _sorted(given) for turn in self._turns([group], count)]
        self._allocated = deque(donor for *_, donor in sorted(chosen))
        for donor in self._allocated:
            self.left[donor] -= 1
        able = [group for group in self.groups if cell in group]
        self._others = deque(donor for *_, donor in self._turns(able, _LOOKS)) if given else deque()

    def _turns(self, groups: Iterable[Group], count: int) -> list[tuple[tuple[int, int], int, int]]:
        return nsmallest(
            count,
            (
                (self.rank(donor, self.left[donor] - turn), place, donor)
                for group in groups
                for place, donor in enumerate(self.groups[group])
                for turn in range(self.left[donor])
            ),
        )

    def take(self, fits: Callable[[int], bool]) -> int | None:
        """Take the first donor that fits; None where none of those looked at does."""
        for _ in range(min(len(self._allocated), _LOOKS)):
            donor = self._allocated.popleft()
            if fits(donor):
                return donor
            self._allocated.append(donor)
        for donor in list(self._others):
            if self.left[donor] > 0 and fits(donor):
                self.left[donor] -= 1
                return donor
        return None


def _sorted(counts: Mapping[Group, int]) -> list[tuple[Group, int]]:
    return sorted(((group, n) for group, n in counts.items() if n), key=lambda entry: sorted(entry[0]))


_Rule = Callable[[PackedStudy, TargetCell], bool]


@dataclass(slots=True)
class _Serving:
    """The cells that studies can serve; the same set is there once."""

    rule: _Rule
    cells: Sequence[TargetCell]
    _known: dict[Group, Group] = field(default_factory=dict)

    def of(self, study: PackedStudy) -> Group:
        """Return the cells of its split that a study can serve."""
        found = frozenset(
            number
            for number, cell in enumerate(self.cells)
            if cell.split == study.split and self.rule(study, cell)
        )
        return self._known.setdefault(found, found)


def _may_receive(chooser: Chooser) -> _Rule:
    strategy = chooser.strategy

    def rule(study: PackedStudy, cell: TargetCell) -> bool:
        if chooser.bars(study) or not cell.admits(study.attributes):
            return False
        return not isinstance(strategy, ByPolicy) or strategy.may_receive(study, cell.target.finding)

    return rule


def _may_give(study: PackedStudy, cell: TargetCell) -> bool:
    stated = study.attributes.finding(cell.target.finding)
    if not study.may_give or stated is None:
        return False
    sides = [side for finding, side in study.gives if finding == cell.target.finding]
    return any(cell.accepts(_on_side(stated, side)) for side in sides)


def _on_side(stated: StatedFinding, side: Side) -> StatedFinding:
    """Return what comes: the statement that is given may tell of one side where the report tells of both."""
    return replace(stated, side=side)
