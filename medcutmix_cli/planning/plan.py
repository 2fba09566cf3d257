"""From a data set to a frozen list of pairs. Reads every report once, and no pixel unless asked for duplicates.

Every input study ends as planned (it is a recipient of at least one pair) or dropped by name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import chain
from typing import NamedTuple

from medcutmix_cli.attention import Gate, NoGate
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.datasets.attribute_columns import tell_left_out
from medcutmix_cli.datasets.attribute_table import NO_TABLE, AttributeTable, with_attributes
from medcutmix_cli.engines import Progress
from medcutmix_cli.pairing.clauses import reread_by
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy, build_cohort
from medcutmix_cli.pairing.nulls import NullKey, choose_nulls, negatives
from medcutmix_cli.pairing.packing import PackedPair, PackedPairs
from medcutmix_cli.pairing.proposal import PairingStrategy
from medcutmix_cli.pairing.roles import NOT_A_RECIPIENT, with_roles
from medcutmix_cli.pairing.shared_studies import CAN_SHARE, SharedStudies, share_studies
from medcutmix_cli.planning.alternates import find_alternates
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.planning.near_duplicates import NONE_COMPARED, NearDuplicates
from medcutmix_cli.planning.originals import keep_unmixed, spare_unmixed
from medcutmix_cli.planning.proposals import TOO_FEW_NULLS, USED_UP, Chooser, Trial, prepare_worker, try_part
from medcutmix_cli.planning.reading import (
    ReadingRules,
    read_all,
    sorted_studies,
    studies_to_read,
)
from medcutmix_cli.planning.reserve import FOR_REJECTED, SHAPE, SHARE, beyond_shape, beyond_share
from medcutmix_cli.planning.shape import shape_of
from medcutmix_cli.planning.target_choice import TargetedChoice, plan_targets
from medcutmix_cli.records import Drop, Guarantee, NullPicture, Study, TargetOutcome
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.shape import SetShape
from medcutmix_cli.system.worker_pool import map_in_processes


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The pairs, and what became of every study.

    Attributes:
        pairs: In the order of the shards; each is opened when it is asked for.
        inputs: Studies the data set named.
        dropped: Every study that is the recipient of no pair.
        refused: Candidates that were tried and refused, by reason.
        images_dropped: Pictures left out of studies that went on, by reason.
        pairs_missing: Pairs asked for that were not found, of studies that are recipients of some; of a targeted plan,
            pairs that cells still lack.
        texts: Sums of what was read (see `FiledReports`).
        nulls: What the evidence gate is calibrated on; empty without a gate.
        negatives: Label-negative studies there are for each finding, summed over splits.
        pairs_by_finding: Pairs by what comes in; rows in which nothing is mixed are none.
        reserve: Pairs that were found and are not planned, by reason.
        shape: Originals against rows.
        guarantees: "split/finding" -> what the gate promises of a finding that it judges, or would have to if its
            null pictures were not too few; empty without a gate.
        targets: What became of each cell of a targeted plan.
        never_denied: Observations that some study asserts and none denies, in CheXpert order.
        reserved: Pairs that replace those which rendering rejects, the first to be taken first.
        duplicates: Pictures that were compared, and studies that have a near-duplicate; empty where nobody asked.
        warnings: What is to be told of the lists and tables that a user gave.
    """

    pairs: PackedPairs
    inputs: int
    dropped: tuple[Drop, ...]
    refused: dict[str, int]
    images_dropped: dict[str, int]
    pairs_missing: int
    texts: dict[str, int]
    nulls: tuple[NullPicture, ...] = ()
    negatives: dict[str, int] = field(default_factory=dict)
    pairs_by_finding: dict[str, int] = field(default_factory=dict)
    reserve: dict[str, int] = field(default_factory=dict)
    shape: SetShape | None = None
    guarantees: dict[str, Guarantee] = field(default_factory=dict)
    targets: tuple[TargetOutcome, ...] = ()
    never_denied: tuple[str, ...] = ()
    reserved: PackedPairs = field(default_factory=PackedPairs)
    duplicates: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def goals(self) -> dict[str, int]:
        """Return how many pairs each cell of a target is to have once all is rendered."""
        return {outcome.cell: outcome.wanted - outcome.have for outcome in self.targets}


DEFAULT_READER = ReportReader()
_LISTED_AT_ONCE = 1000
_CHUNK = 64
_TOGETHER_FROM = 4000
"""Below this many studies the processes that choose pairs together take longer to start (3 s) than they save."""

_Turn = tuple[int, PackedStudy, Iterable[Trial]]
"""(draw, recipient, what was tried for it)"""

UNGATED = NoGate()

DuplicateSearch = Callable[[Sequence[PackedStudy], Progress], NearDuplicates]
"""Reads the pictures of studies, and says which are near-duplicates."""


def make_plan(
    studies: Iterable[Study | Drop],
    settings: PlanSettings,
    strategy: PairingStrategy,
    *,
    reader: ReportReader = DEFAULT_READER,
    gate: Gate = UNGATED,
    attributes: AttributeTable = NO_TABLE,
    duplicates: DuplicateSearch | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> PlanResult:
    """Read all reports and choose the pairs; the order of `studies` and the number of workers decide nothing.

    Findings with fewer label-negative studies than `gate` needs are not exchanged, by name. `attributes` is what a
    table says of studies besides. Studies that `duplicates` finds to have pictures that are nearly the same are not
    paired with each other, by name; no picture is read without it.

    Raises:
        UsageError: The file of excluded ids does not exist or has no id of a study, or a target names what there is
            not.
    """
    report = progress or _silent
    targets = plan_targets(settings, strategy, attributes.values)
    excluded, use, dropped = read_excluded(settings.exclude_ids), attributes.use(), list[Drop]()
    readable = studies_to_read(sorted_studies(_listed(studies, report)), settings, excluded, dropped)
    readable = with_attributes(readable, attributes, use)
    read = read_all(readable, ReadingRules(reader, strategy.findings, settings.labels), workers, report)
    dropped, images_dropped = _of_studies(dropped)
    inputs = len(read.studies) + len(dropped)
    filed = with_roles(read.studies, settings.unpaired)
    read.studies.clear()
    alike = duplicates(filed, report) if duplicates else NONE_COMPARED
    with _shared(filed, workers) as (members, shelf):
        cohort = build_cohort(members)
        lacking = negatives(cohort)
        chooser = Chooser(settings, strategy, reader, _gated(gate, lacking), duplicates=alike)
        choice = TargetedChoice(chooser, targets) if targets else _Choice(chooser)
        with reread_by(reader):
            choice.choose_all(cohort, shelf, workers, report)
        shaped = _shaped(choice, cohort)
    pairs, reserved = arrange_pairs(choice.pairs), PackedPairs(choice.reserved)
    return PlanResult(
        pairs=pairs,
        inputs=inputs,
        dropped=(*dropped, *choice.drop_unpaired(cohort)),
        refused=dict(sorted(choice.refused.items())),
        images_dropped=dict(sorted(images_dropped.items())),
        pairs_missing=choice.missing,
        texts=dict(sorted(read.counts.items())),
        nulls=choose_nulls(lacking, chain(pairs.mixes(), reserved.mixes()), gate.pictures, settings.seed),
        negatives=_by_finding(lacking),
        pairs_by_finding=_pairs_by_finding(choice.pairs, shaped.kept),
        reserve=shaped.reserve,
        shape=shaped.shape,
        guarantees=_guarantees(gate, lacking, choice.judged),
        targets=choice.outcomes,
        never_denied=read.never_denied(),
        reserved=reserved,
        duplicates=alike.counts(),
        warnings=(*filter(None, (excluded.problem, use.problem)), *tell_left_out(attributes.left_out)),
    )


def _listed(studies: Iterable[Study | Drop], report: Progress) -> Iterator[Study | Drop]:
    """Say how many studies there are so far; the first comes when the tables have been joined."""
    report("listing", 0, 0)
    number = 0
    for number, study in enumerate(studies, start=1):
        yield study
        if number % _LISTED_AT_ONCE == 0:
            report("listing", number, 0)
    report("listing", number, number)


def _of_studies(dropped: Iterable[Drop]) -> tuple[list[Drop], Counter[str]]:
    """Return the studies that were left out, and the pictures by reason."""
    told = list(dropped)
    images = Counter(drop.reason for drop in told if drop.unit == "image")
    return [drop for drop in told if drop.unit == "study"], images


def _gated(gate: Gate, lacking: Mapping[NullKey, Sequence[PackedStudy]]) -> frozenset[NullKey] | None:
    """Return the findings that have as many label-negative studies as a gate needs; None without a gate."""
    least = gate.min_nulls()
    return frozenset(key for key, studies in lacking.items() if len(studies) >= least) if least else None


def _by_finding(lacking: dict[NullKey, list[PackedStudy]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (_split, finding), studies in lacking.items():
        counts[finding] += len(studies)
    return dict(sorted(counts.items()))


def _pairs_by_finding(pairs: Mapping[str, PackedPair], kept: frozenset[str]) -> dict[str, int]:
    counts = Counter(pair.finding for pair_id, pair in pairs.items() if pair_id not in kept)
    return dict(sorted(counts.items()))


def _guarantees(
    gate: Gate, lacking: Mapping[NullKey, Sequence[PackedStudy]], judged: Iterable[NullKey]
) -> dict[str, Guarantee]:
    """Return what the gate promises of each finding with as many nulls as there are."""
    counts = {key: min(len(lacking.get(key, ())), gate.pictures) for key in judged}
    promised = {f"{split}/{finding}": gate.guarantee(n) for (split, finding), n in sorted(counts.items())}
    return {key: guarantee for key, guarantee in promised.items() if guarantee}


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


@contextmanager
def _shared(
    studies: list[PackedStudy], workers: int
) -> Iterator[tuple[list[PackedStudy], SharedStudies | None]]:
    """Put studies where several processes see them, if it takes several; the list given is emptied then."""
    if workers <= 1 or len(studies) < _TOGETHER_FROM or not CAN_SHARE:
        yield studies, None
        return
    with share_studies(studies) as shelf:
        studies.clear()
        yield shelf.studies(), shelf


@dataclass(frozen=True, slots=True)
class _Shaped:
    """What was done for the shape of the set, and what came of it.

    Attributes:
        reserve: Pairs that were found and are not planned, by reason.
        kept: Ids of the rows in which nothing is mixed.
    """

    reserve: dict[str, int]
    kept: frozenset[str]
    shape: SetShape


def _shaped(choice: _Choice | TargetedChoice, cohort: Cohort) -> _Shaped:
    """Keep the shape of the set as far as the settings ask for it; targets ask for another one."""
    recipients = [study for study in cohort.studies if not choice.chooser.bars(study)]
    if isinstance(choice, _Choice):
        reserve, kept = choice.keep_shape(recipients)
        choice.hold_reserve(cohort, recipients)
    else:
        reserve, kept = {}, choice.kept
    found = len(choice.reserved) - reserve.get(SHARE, 0)
    reserve |= {FOR_REJECTED: found} if found > 0 else {}
    tolerance, pairs = choice.chooser.settings.shape_tolerance, list(choice.pairs.values())
    keeps = isinstance(choice, _Choice) and choice.keeps_unmixed()
    return _Shaped(reserve, kept, shape_of(recipients, pairs, tolerance, len(kept), keeps=keeps))


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


class _Choice:
    """The state of choosing: who was used how often, which pairs there are, what was refused."""

    def __init__(self, chooser: Chooser) -> None:
        self.chooser = chooser
        self.settings = chooser.settings
        self.pairs: dict[str, PackedPair] = {}
        self.uses: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.last_refusal: dict[str, str] = {}
        self.judged: set[NullKey] = set()
        self.limit = self._limits()[0]
        self.outcomes: tuple[TargetOutcome, ...] = ()
        self.reserved: tuple[PackedPair, ...] = ()
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

    def keep_shape(self, studies: Sequence[PackedStudy]) -> tuple[dict[str, int], frozenset[str]]:
        """Hold in reserve what would shift the set, and keep what is not mixed, as far as the settings ask for it.

        Where nothing at all is mixed nothing is kept: a plan of originals alone would look like one that worked.

        Returns:
            Pairs in reserve by reason, and the ids of the rows in which nothing is mixed.
        """
        settings, reserve = self.settings, Counter[str]()
        reserve[SHARE] = self._hold(beyond_share(self.pairs.values(), settings.max_donor_share), SHARE)
        if not self.keeps_unmixed() or not self.pairs:
            return dict(+reserve), frozenset()
        times = settings.pairs_per_study
        beyond = beyond_shape(self.pairs.values(), studies, times, settings.shape_tolerance)
        reserve[SHAPE] = self._hold(beyond, SHAPE)
        rows = keep_unmixed(studies, self.pairs.values(), times, duplicates=self.chooser.duplicates)
        kept = {row.pair_id: row for row in rows}
        self.pairs |= kept
        return dict(+reserve), frozenset(kept)

    def keeps_unmixed(self) -> bool:
        """Say whether studies without a pair have a row as they are: by the settings, or by the strategy."""
        asked = self.settings.unmixed
        return (self.chooser.strategy.unmixed if asked == "auto" else asked) != "drop"

    def _hold(self, ids: list[str], reason: str) -> int:
        for pair_id in ids:
            pair = self.pairs.pop(pair_id)
            self.last_refusal[pair.recipient_study] = reason
            self.held[reason].append(pair)
        return len(ids)

    def hold_reserve(self, cohort: Cohort, recipients: Sequence[PackedStudy]) -> None:
        """Find pairs for those that rendering will reject, as far as the settings ask for them.

        Those come first by which a donor gives too much: where another one of its pairs is rejected, they fit. Where
        the set keeps its shape, a row of each recipient as it is comes last.
        """
        spare = self._spare_rows(recipients)
        if self.settings.reserve <= 0:
            self.reserved = tuple(spare)
            return
        held = [*self.held[SHARE], *self.held[SHAPE]]
        found = find_alternates(self.chooser, cohort, self.pairs, held)
        self.judged.update(key for trial in found for key in trial.judged)
        others = [trial.pair for trial in found if trial.pair is not None]
        self.reserved = (*self.held[SHARE], *others, *spare)

    def _spare_rows(self, studies: Sequence[PackedStudy]) -> list[PackedPair]:
        if not self.keeps_unmixed():
            return []
        times = self.settings.pairs_per_study
        return spare_unmixed(studies, self.pairs, times, self.chooser.duplicates)

    def drop_unpaired(self, cohort: Cohort) -> list[Drop]:
        """Return the studies that are the recipient of no pair, each with the last thing that stood against it."""
        paired = {pair.recipient_study for pair in self.pairs.values()}
        ids = [s.study_id for s in cohort.studies if s.study_id not in paired]
        return [Drop("study", i, self.last_refusal.get(i, "no-proposal")) for i in ids]


def _most_telling(met: Sequence[Trial]) -> str:
    """Return why a recipient found nobody: for want of null pictures alone, if that stood against any, else the last.

    A candidate that the gate refuses has text that fits: other settings would have made a pair of it.
    """
    return TOO_FEW_NULLS if any(t.reason == TOO_FEW_NULLS for t in met) else met[-1].reason


def arrange_pairs(pairs: dict[str, PackedPair]) -> PackedPairs:
    """Order pairs as a walk from picture to picture, so that shared parents meet: each is decoded once a shard.

    Pictures are nodes and pairs edges; all edges of a picture stand together, then those of the picture last met.
    With one pair a study this brings the pictures a shard must decode from almost two a pair to little over one.
    """
    edges: dict[str, list[PackedPair]] = defaultdict(list)
    for pair in sorted(pairs.values(), key=lambda pair: pair.pair_id):
        edges[pair.recipient_image].append(pair)
        edges[pair.donor_image].append(pair)
    walked: dict[str, PackedPair] = {}
    for start in sorted(edges):
        _walk(start, edges, walked)
    return PackedPairs(walked.values())


def _walk(start: str, edges: dict[str, list[PackedPair]], walked: dict[str, PackedPair]) -> None:
    """Walk all that can be reached from one picture; pairs are noted in the order in which they are met."""
    stack = [start]
    while stack:
        image = stack.pop()
        for pair in edges[image]:
            if pair.pair_id not in walked:
                walked[pair.pair_id] = pair
                other = pair.donor_image if pair.recipient_image == image else pair.recipient_image
                stack.append(other)
