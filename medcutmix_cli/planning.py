"""From a data set to a frozen list of pairs. Reads every report once, and no pixel.

Every input study ends as planned (it is a recipient of at least one pair) or dropped by name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from medcutmix_cli.attention import Gate, NoGate
from medcutmix_cli.intake import Intake, Progress, read_all, read_excluded, sorted_studies, studies_to_read
from medcutmix_cli.pairing.assembly import labels_of, leaving, make_pair, pair_id_of
from medcutmix_cli.pairing.cohort import Cohort, Filed, build_cohort
from medcutmix_cli.pairing.consistency import inconsistency
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.filing import FiledPair, FiledPairs, file_pair
from medcutmix_cli.pairing.nulls import NullKey, choose_nulls, negatives
from medcutmix_cli.pairing.proposal import PairingStrategy, Proposal
from medcutmix_cli.pairing.roles import (
    NOT_A_DONOR,
    NOT_A_RECIPIENT,
    barred_as_donor,
    barred_as_recipient,
    with_roles,
)
from medcutmix_cli.pairing.sections import limited, out_of_step
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import (
    MAPPED_MODES,
    Dropped,
    NullPicture,
    Pair,
    ReadStudy,
    Study,
)
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.seeds import stable_generator
from medcutmix_cli.settings import PlanSettings


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The pairs, and what became of every study.

    Attributes:
        pairs: In the order of the shards; each is opened when it is asked for.
        inputs: Studies the data set named.
        dropped: Every study that is the recipient of no pair.
        refused: Candidates that were tried and refused, by reason.
        images_dropped: Pictures left out of studies that went on, by reason.
        pairs_missing: Pairs asked for that were not found, of studies that are recipients of some.
        texts: Sums of what was read (see `FiledReports`).
        nulls: What the evidence gate is calibrated on; empty without a gate.
        negatives: Label-negative studies there are for each finding, summed over splits.
        pairs_by_finding: Pairs by what comes in.
    """

    pairs: FiledPairs
    inputs: int
    dropped: tuple[Dropped, ...]
    refused: dict[str, int]
    images_dropped: dict[str, int]
    pairs_missing: int
    texts: dict[str, int]
    nulls: tuple[NullPicture, ...] = ()
    negatives: dict[str, int] = field(default_factory=dict)
    pairs_by_finding: dict[str, int] = field(default_factory=dict)


DEFAULT_READER = ReportReader()
_LISTED_AT_ONCE = 1000
UNGATED = NoGate()


def make_plan(
    studies: Iterable[Study | Dropped],
    settings: PlanSettings,
    strategy: PairingStrategy,
    *,
    reader: ReportReader = DEFAULT_READER,
    gate: Gate = UNGATED,
    workers: int = 1,
    progress: Progress | None = None,
) -> PlanResult:
    """Read all reports and choose the pairs; the order of `studies` and the number of workers decide nothing.

    Findings with fewer label-negative studies than `gate` needs are not exchanged, by name.

    Raises:
        UsageError: The file of excluded ids does not exist.
    """
    report = progress or _silent
    excluded = read_excluded(settings.exclude_ids)
    dropped: list[Dropped] = []
    readable = studies_to_read(sorted_studies(_listed(studies, report)), settings, excluded, dropped)
    read = read_all(readable, Intake(reader, strategy.findings, settings.labels), workers, report)
    images_dropped = Counter(drop.reason for drop in dropped if drop.unit == "image")
    dropped = [drop for drop in dropped if drop.unit == "study"]
    inputs = len(read.studies) + len(dropped)
    cohort = build_cohort(with_roles(read.studies, settings.unpaired))
    lacking = negatives(cohort)
    gated = {key for key, studies in lacking.items() if len(studies) >= gate.needed()}
    choice = _Choice(settings, strategy, reader, gated if gate.needed() else None)
    for draw in range(settings.pairs_per_study):
        for position, recipient in enumerate(cohort.studies):
            choice.choose(recipient.open(), cohort, draw)
            done = draw * len(cohort.studies) + position + 1
            report("pairing", done, settings.pairs_per_study * len(cohort.studies))
    dropped += choice.unpaired(cohort)
    pairs = arranged(choice.pairs)
    return PlanResult(
        pairs=pairs,
        inputs=inputs,
        dropped=tuple(dropped),
        refused=dict(sorted(choice.refused.items())),
        images_dropped=dict(sorted(images_dropped.items())),
        pairs_missing=settings.pairs_per_study * (inputs - len(dropped)) - len(choice.pairs),
        texts=dict(sorted(read.counts.items())),
        nulls=choose_nulls(lacking, pairs, gate.pictures, settings.seed),
        negatives=_by_finding(lacking),
        pairs_by_finding=dict(sorted(Counter(pair.finding for pair in choice.pairs.values()).items())),
    )


def _listed(studies: Iterable[Study | Dropped], report: Progress) -> Iterator[Study | Dropped]:
    """Say how many studies there are so far; the first comes when the tables have been joined."""
    report("listing", 0, 0)
    for number, study in enumerate(studies, start=1):
        yield study
        if number % _LISTED_AT_ONCE == 0:
            report("listing", number, 0)


def _by_finding(lacking: dict[NullKey, list[Filed]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (_split, finding), studies in lacking.items():
        counts[finding] += len(studies)
    return dict(sorted(counts.items()))


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


class _Choice:
    """The state of choosing: who was used how often, which pairs there are, what was refused."""

    def __init__(
        self,
        settings: PlanSettings,
        strategy: PairingStrategy,
        reader: ReportReader,
        gated: set[NullKey] | None,
    ) -> None:
        """Choose for one plan; `gated` are the findings whose evidence can be judged, None without a gate."""
        self.gated = gated
        self.settings = settings
        self.strategy = strategy
        self.reader = reader
        self.pairs: dict[str, FiledPair] = {}
        self.uses: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.last_refusal: dict[str, str] = {}

    def choose(self, recipient: ReadStudy, cohort: Cohort, draw: int) -> None:
        """Take the first proposal that keeps all the rules."""
        if barred_as_recipient(recipient.study, self.settings.unpaired):
            self.last_refusal[recipient.study.study_id] = NOT_A_RECIPIENT
            return
        rng = stable_generator(self.settings.seed, "pair", recipient.study.study_id, draw)
        for proposal in self.strategy.proposals(recipient, cohort, rng):
            outcome = self._accept(proposal)
            if isinstance(outcome, Pair):
                self.pairs[outcome.pair_id] = file_pair(outcome)
                self.uses[outcome.donor.study_id] += 1
                return
            self.refused[outcome.reason] += 1
            self.last_refusal[recipient.study.study_id] = outcome.reason

    def _accept(self, proposal: Proposal | Refusal) -> Pair | Refusal:
        if isinstance(proposal, Refusal):
            return proposal
        proposal = limited(proposal, self.settings.sections)
        if isinstance(proposal, Refusal):
            return proposal
        reason = self._broken_rule(proposal)
        return Refusal(reason) if reason else self._mixed(proposal)

    def _broken_rule(self, proposal: Proposal) -> str:
        """Name the first rule that holds for every strategy and is broken here."""
        recipient, donor = proposal.recipient, proposal.donor
        rules = {
            NOT_A_DONOR: barred_as_donor(donor.study, self.settings.unpaired),
            "too-few-null-pictures": not self._judged(proposal),
            "same-patient": recipient.study.subject_id == donor.study.subject_id,
            "different-split": recipient.study.split != donor.study.split,
            "donor-used-up": self.uses[donor.study.study_id] >= self.settings.max_uses_per_donor,
            "pair-already-planned": pair_id_of(self.strategy.name, proposal) in self.pairs,
        }
        return next((name for name, broken in rules.items() if broken), "")

    def _judged(self, proposal: Proposal) -> bool:
        """Say whether the gate can judge all evidence that decides where pictures are mixed."""
        if self.gated is None or proposal.image_mode not in MAPPED_MODES:
            return True
        asked = (
            (proposal.recipient_sentence, leaving(proposal)),
            (proposal.donor_sentence, proposal.finding),
        )
        split = proposal.recipient.study.split
        return all((split, finding) in self.gated for sentence, finding in asked if sentence)

    def _mixed(self, proposal: Proposal) -> Pair | Refusal:
        report = splice(proposal.recipient.study.report, proposal.edits)
        reading = self.reader.read(report, proposal.recipient.study.study_id)
        expected = labels_of((*proposal.kept, *proposal.inserted))
        reason = inconsistency(reading, expected, chexpert_labels(reading))
        if reason:
            return Refusal(reason)
        pair = make_pair(self.strategy.name, proposal, report, reading)
        return (
            replace(pair, impression_consistent=False)
            if out_of_step(proposal, self.settings.sections)
            else pair
        )

    def unpaired(self, cohort: Cohort) -> list[Dropped]:
        """Return the studies that are the recipient of no pair, each with the last thing that stood against it."""
        paired = {pair.recipient_study for pair in self.pairs.values()}
        ids = [s.study_id for s in cohort.studies if s.study_id not in paired]
        return [Dropped("study", i, self.last_refusal.get(i, "no-proposal")) for i in ids]


def arranged(pairs: dict[str, FiledPair]) -> FiledPairs:
    """Order pairs as a walk from picture to picture, so that shared parents meet: each is decoded once a shard.

    Pictures are nodes and pairs edges; all edges of a picture stand together, then those of the picture last met.
    With one pair a study this brings the pictures a shard must decode from almost two a pair to little over one.
    """
    edges: dict[str, list[FiledPair]] = defaultdict(list)
    for pair in sorted(pairs.values(), key=lambda pair: pair.pair_id):
        edges[pair.recipient_image].append(pair)
        edges[pair.donor_image].append(pair)
    walked: dict[str, FiledPair] = {}
    for start in sorted(edges):
        _walk(start, edges, walked)
    return FiledPairs(walked.values())


def _walk(start: str, edges: dict[str, list[FiledPair]], walked: dict[str, FiledPair]) -> None:
    """Walk all that can be reached from one picture; pairs are noted in the order in which they are met."""
    stack = [start]
    while stack:
        image = stack.pop()
        for pair in edges[image]:
            if pair.pair_id not in walked:
                walked[pair.pair_id] = pair
                other = pair.donor_image if pair.recipient_image == image else pair.recipient_image
                stack.append(other)
