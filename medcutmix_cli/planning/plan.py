"""From a data set to a frozen list of pairs. Reads every report once, and no pixel unless asked for duplicates.

Every input study ends as planned (it is a recipient of at least one pair) or dropped by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

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
from medcutmix_cli.pairing.roles import with_roles
from medcutmix_cli.pairing.shared_studies import CAN_SHARE, SharedStudies, share_studies
from medcutmix_cli.planning.arrangement import arrange_pairs
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.planning.joined_choice import JoinedChoice
from medcutmix_cli.planning.near_duplicates import NONE_COMPARED, NearDuplicates
from medcutmix_cli.planning.plan_result import PlanResult
from medcutmix_cli.planning.proposals import Chooser
from medcutmix_cli.planning.reading import (
    PackedReports,
    ReadingRules,
    read_all,
    sorted_studies,
    studies_to_read,
)
from medcutmix_cli.planning.reserve import FOR_REJECTED, SHARE
from medcutmix_cli.planning.shape import shape_of
from medcutmix_cli.planning.target_choice import TargetedChoice, plan_targets
from medcutmix_cli.records import Drop, Guarantee, Study
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.shape import SetShape

DEFAULT_READER = ReportReader()
_LISTED_AT_ONCE = 1000
_TOGETHER_FROM = 4000
"""Below this many studies the processes that choose pairs together take longer to start (3 s) than they save."""

UNGATED = NoGate()

DuplicateSearch = Callable[[Sequence[PackedStudy], Progress], NearDuplicates]
"""Reads the pictures of studies, and says which are near-duplicates."""


def make_plan(
    studies: Iterable[Study | Drop],
    settings: PlanSettings,
    *strategies: PairingStrategy,
    reader: ReportReader = DEFAULT_READER,
    gate: Gate = UNGATED,
    attributes: AttributeTable = NO_TABLE,
    duplicates: DuplicateSearch | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> PlanResult:
    """Read all reports and choose the pairs; the order of `studies` and the number of workers decide nothing.

    Each of the strategies, which `settings.pairing` only names, chooses as it would alone; targets take one.
    Findings with fewer label-negative studies than `gate` needs are not exchanged, by name. `attributes` is what a
    table says of studies besides. Studies that `duplicates` finds to have pictures that are nearly the same are not
    paired with each other, by name; no picture is read without it.

    Raises:
        UsageError: The file of excluded ids does not exist or has no id of a study, or a target names what there is
            not.
    """
    report = progress or _silent
    targets = plan_targets(settings, strategies, attributes.values)
    rules = ReadingRules(reader, _findings(strategies), settings.labels)
    listed = _read_listed(_listed(studies, report), settings, rules, attributes, workers, report)
    read = listed.read
    inputs = len(read.studies) + len(listed.dropped)
    filed = with_roles(read.studies, settings.unpaired)
    read.studies.clear()
    alike = duplicates(filed, report) if duplicates else NONE_COMPARED
    with _shared(filed, workers) as (members, shelf):
        cohort = build_cohort(members)
        lacking = negatives(cohort)
        gated = _gated(gate, lacking)
        choosers = [Chooser(settings, each, reader, gated, duplicates=alike) for each in strategies]
        choice = TargetedChoice(choosers[0], targets) if targets else JoinedChoice(choosers)
        with reread_by(reader):
            choice.choose_all(cohort, shelf, workers, report)
        shaped = _shaped(choice, cohort)
    pairs, reserved = arrange_pairs(choice.pairs), PackedPairs(choice.reserved)
    return PlanResult(
        pairs=pairs,
        inputs=inputs,
        dropped=(*listed.dropped, *choice.drop_unpaired(cohort)),
        refused=dict(sorted(choice.refused.items())),
        images_dropped=listed.images_dropped,
        pairs_missing=choice.missing,
        texts=dict(sorted(read.counts.items())),
        nulls=choose_nulls(lacking, chain(pairs.mixes(), reserved.mixes()), gate.pictures, settings.seed),
        negatives=_by_finding(lacking),
        pairs_by_finding=_pairs_by_finding(choice.pairs, shaped.kept),
        pairs_by_pairing=choice.counts_by_pairing(),
        reserve=shaped.reserve,
        shape=shaped.shape,
        guarantees=_guarantees(gate, lacking, choice.judged),
        targets=choice.outcomes,
        never_denied=read.never_denied(),
        reserved=reserved,
        duplicates=alike.counts(),
        warnings=listed.warnings,
    )


def _findings(strategies: Iterable[PairingStrategy]) -> tuple[str, ...]:
    """Return what any of them may exchange, each once."""
    return tuple(dict.fromkeys(finding for strategy in strategies for finding in strategy.findings))


@dataclass(frozen=True, slots=True)
class _ListedStudies:
    """The studies of a data set that were read, and what was left out before.

    Attributes:
        images_dropped: Pictures left out of studies that went on, by reason, sorted.
        warnings: What is to be told of the lists and tables that a user gave.
    """

    read: PackedReports
    dropped: list[Drop]
    images_dropped: dict[str, int]
    warnings: tuple[str, ...]


def _read_listed(
    studies: Iterable[Study | Drop],
    settings: PlanSettings,
    rules: ReadingRules,
    attributes: AttributeTable,
    workers: int,
    report: Progress,
) -> _ListedStudies:
    """Read the reports of the studies that count, with what a table says of them."""
    excluded, use, left_out = read_excluded(settings.exclude_ids), attributes.use(), list[Drop]()
    readable = studies_to_read(sorted_studies(studies), settings, excluded, left_out)
    read = read_all(with_attributes(readable, attributes, use), rules, workers, report)
    dropped, images = _of_studies(left_out)
    warnings = (*filter(None, (excluded.problem, use.problem)), *tell_left_out(attributes.left_out))
    return _ListedStudies(read, dropped, dict(sorted(images.items())), warnings)


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


def _shaped(choice: JoinedChoice | TargetedChoice, cohort: Cohort) -> _Shaped:
    """Keep the shape of the set as far as the settings ask for it; targets ask for another one."""
    recipients = [study for study in cohort.studies if not choice.chooser.bars(study)]
    reserve: dict[str, int] = {}
    keeps = False
    if isinstance(choice, JoinedChoice):
        choice.keep_shape(recipients)
        choice.hold_reserve(cohort, recipients)
        reserve, keeps = dict(+choice.reserve), choice.keeps_unmixed()
    found = len(choice.reserved) - reserve.get(SHARE, 0)
    reserve |= {FOR_REJECTED: found} if found > 0 else {}
    tolerance, pairs = choice.chooser.settings.shape_tolerance, list(choice.pairs.values())
    shape = shape_of(recipients, pairs, tolerance, len(choice.kept), keeps=keeps)
    return _Shaped(reserve, choice.kept, shape)
