"""Try the proposals for a recipient, one after the other, until one becomes a pair.

Most rules look at the two studies alone, and take long (the mixed report is read again): several recipients can be
tried at once, in processes. Two rules look at the pairs of other recipients; they are `UsageRule`, and
whoever chooses for all recipients in their order has the last word on them (`planning.plan`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing.assembly import finding_leaving, labels_of, make_pair, pair_id_of
from medcutmix_cli.pairing.clauses import reread_by
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy, build_cohort
from medcutmix_cli.pairing.consistency import impression_consistent, inconsistency
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.nulls import NullKey
from medcutmix_cli.pairing.packing import PackedPair, pack_pair
from medcutmix_cli.pairing.proposal import Offer, PairingStrategy, Proposal
from medcutmix_cli.pairing.roles import NOT_A_DONOR, barred_as_donor, barred_as_recipient
from medcutmix_cli.pairing.sections import limit_to_section, out_of_step
from medcutmix_cli.pairing.shared_studies import SharedStudies
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.planning.near_duplicates import NEAR_DUPLICATE, NONE_COMPARED, NearDuplicates
from medcutmix_cli.planning.recipient_faults import recipient_fault
from medcutmix_cli.records import MAPPED_MODES, Pair, Reading, ReadStudy
from medcutmix_cli.reports.critic import (
    OF_MORE_THAN_LABELS,
    OF_ONE_SENTENCE,
    RULES,
    FindingExchange,
    first_broken_rule,
    make_case,
)
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import Lexicon, lexicon_in_use, use_lexicon
from medcutmix_cli.seeds import stable_generator

TOO_FEW_NULLS = "too-few-null-pictures"
USED_UP = "donor-used-up"

UsageRule = Callable[[str, str], str]
"""Given a donor's study id and a pair id: names the rule by which other pairs stand against this one, or returns ""."""


def no_usage_rule(_donor: str, _pair_id: str) -> str:
    """Know of no other pair."""
    return ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one proposal.

    Attributes:
        reason: Why it was refused, "" for a pair.
        donor: Its study id, "" where none was chosen yet.
        pair_id: "" where the proposal was refused before a pair could be planned twice.
        pair: Put away; None where it was refused.
        judged: Of a pair, the findings whose maps decide where it is mixed, where there is a gate; of a proposal that
            was refused for too few null pictures, those that lack them.
    """

    reason: str
    donor: str = ""
    pair_id: str = ""
    pair: PackedPair | None = None
    judged: tuple[NullKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Chooser:
    """Tries proposals by the rules of one plan.

    Attributes:
        gated: The findings whose evidence can be judged, within each split; None without a gate.
        lexicon: What mixed reports are read again by: the lexicon in use, for processes that start without it.
        duplicates: Studies whose pictures are near-duplicates, where such are not to be paired.
    """

    settings: PlanSettings
    strategy: PairingStrategy
    reader: ReportReader
    gated: frozenset[NullKey] | None
    lexicon: Lexicon = field(default_factory=lexicon_in_use)
    duplicates: NearDuplicates = NONE_COMPARED

    def bars(self, recipient: PackedStudy) -> bool:
        """Say whether a study may not receive."""
        return barred_as_recipient(recipient, self.settings.unpaired)

    def try_proposals(
        self,
        recipient: PackedStudy,
        cohort: Cohort,
        draw: int,
        taken: UsageRule = no_usage_rule,
        known: Sequence[Trial] = (),
    ) -> Iterator[Trial]:
        """Yield what becomes of each proposal, up to the first that becomes a pair.

        Args:
            recipient: Whose proposals are tried.
            cohort: Who may give.
            draw: Which of the recipient's pairs it is.
            taken: The rule by which other pairs stand against one.
            known: What became of the first proposals when they were tried before: a refusal stands, unless its donor
                was used up then.
        """
        rng = stable_generator(self.settings.seed, "pair", recipient.study_id, draw)
        opened = recipient.open()
        fault = cache(partial(self._fault_for_all, opened))
        for place, proposal in enumerate(self.strategy.proposals(opened, cohort, rng)):
            again = place >= len(known) or known[place].reason == USED_UP
            found = self._tried(proposal, fault, taken) if again else known[place]
            yield found
            if found.pair is not None:
                return

    def _tried(
        self, offer: Offer | Proposal | Refusal, fault_for_all: Callable[[str], str], taken: UsageRule
    ) -> Trial:
        """Try one proposal; what stands against all donors, or has used this one up, is asked before a text is made."""
        if not isinstance(offer, Offer):
            return self._judge(offer, taken)
        fault = fault_for_all(offer.leaving)
        if fault:
            return Trial(fault)
        donor = offer.donor.study_id
        used = taken(donor, "")
        if used:
            return Trial(used, donor)
        found = self._judge(offer.write(offer.donor.open()), taken)
        return found if found.donor else replace(found, donor=donor)

    def _fault_for_all(self, recipient: ReadStudy, leaving: str) -> str:
        """Name what stands against every donor; parts of a report that one edit leaves alone may disagree."""
        fault = recipient_fault(recipient, leaving) if leaving and self.settings.sections == "mirror" else ""
        return _named(fault)

    def _judge(self, proposal: Proposal | Refusal, taken: UsageRule) -> Trial:
        if isinstance(proposal, Refusal):
            return Trial(proposal.reason)
        proposal = limit_to_section(proposal, self.settings.sections)
        if isinstance(proposal, Refusal):
            return Trial(proposal.reason)
        reason = self._broken_rule(proposal)
        if reason:
            return Trial(reason, judged=self._unjudged(proposal) if reason == TOO_FEW_NULLS else ())
        donor, pair_id = proposal.donor.study.study_id, pair_id_of(self.strategy.name, proposal)
        mixed = taken(donor, pair_id) or self._mixed(proposal)
        if isinstance(mixed, Pair):
            packed = pack_pair(mixed, (*proposal.kept, *proposal.inserted))
            return Trial("", donor, pair_id, packed, self._judged(proposal))
        return Trial(mixed, donor, pair_id)

    def _broken_rule(self, proposal: Proposal) -> str:
        """Name the first rule that holds for every strategy and is broken here."""
        recipient, donor = proposal.recipient, proposal.donor
        rules = {
            NOT_A_DONOR: barred_as_donor(donor.study, self.settings.unpaired),
            TOO_FEW_NULLS: self._unjudged(proposal) != (),
            "same-patient": recipient.study.subject_id == donor.study.subject_id,
            NEAR_DUPLICATE: self.duplicates.bar(recipient.study.study_id, donor.study.study_id),
            "different-split": recipient.study.split != donor.study.split,
        }
        return next((name for name, broken in rules.items() if broken), "")

    def _unjudged(self, proposal: Proposal) -> tuple[NullKey, ...]:
        """Return the findings that the gate would have to judge, and has too few null pictures of."""
        return tuple(key for key in self._judged(proposal) if key not in (self.gated or ()))

    def _judged(self, proposal: Proposal) -> tuple[NullKey, ...]:
        """Return the findings whose evidence decides where pictures are mixed, where there is a gate to judge it."""
        if self.gated is None or proposal.image_mode not in MAPPED_MODES:
            return ()
        asked = (
            (proposal.recipient_sentence, finding_leaving(proposal)),
            (proposal.donor_sentence, proposal.finding),
        )
        split = proposal.recipient.study.split
        return tuple((split, finding) for sentence, finding in asked if sentence)

    def _mixed(self, proposal: Proposal) -> Pair | str:
        """Return the pair, or why its mixed report is not true."""
        report = splice(proposal.recipient.study.report, proposal.edits)
        reading = self.reader.read(report, proposal.recipient.study.study_id)
        expected = labels_of((*proposal.kept, *proposal.inserted))
        reason = inconsistency(reading, expected, chexpert_labels(reading))
        reason = reason or criticism(proposal, report, reading, self.settings.sections)
        if reason:
            return reason
        pair = make_pair(self.strategy.name, proposal, report, reading)
        if not pair.impression_consistent and self._told_one_story(proposal):
            return "impression-tells-another-story"
        return (
            replace(pair, impression_consistent=False)
            if out_of_step(proposal, self.settings.sections)
            else pair
        )

    def _told_one_story(self, proposal: Proposal) -> bool:
        """Say whether a report whose sections are all edited told one story before."""
        edited = self.settings.sections == "mirror" and proposal.inserted and proposal.finding
        return bool(edited) and impression_consistent(proposal.recipient.reading)


def criticism(proposal: Proposal, report: str, reading: Reading, sections: str) -> str:
    """Return "critic-" and the first rule of the critic that a mixed report breaks, "" where it keeps them all.

    Args:
        proposal: Who gives what to whom.
        report: The mixed report.
        reading: The mixed report, read again.
        sections: One of `settings.SECTION_CHOICES`; the parts of a report that one edit leaves alone may disagree.

    A report that is not edited is the recipient's own: there is nothing to judge.
    """
    if not proposal.edits:
        return ""
    exchanged = FindingExchange(
        finding_leaving(proposal), proposal.finding, proposal.recipient_side, proposal.donor_side
    )
    recipient = proposal.recipient
    case = make_case(recipient.study.report, recipient.reading, report, reading, exchanged)
    rules = RULES if sections == "mirror" else sorted(OF_ONE_SENTENCE)
    prompted = proposal.donor.study.prompted
    broken = first_broken_rule(
        case, [rule for rule in rules if not (prompted and rule in OF_MORE_THAN_LABELS)]
    )
    return _named(broken)


def _named(rule: str) -> str:
    """Return the reason for which a report that breaks a rule of the critic is refused, "" for none."""
    return f"critic-{rule}" if rule else ""


RecipientRange = tuple[int, int, int]
"""(draw, first, last + 1): some recipients of one draw, by their positions in the cohort."""


class _ProposalWorker:
    """What a process that tries proposals holds."""

    chooser: Chooser
    cohort: Cohort


def prepare_worker(chooser: Chooser, shelf: SharedStudies) -> None:
    """Make a process ready to `try_part`."""
    _ProposalWorker.chooser, _ProposalWorker.cohort = chooser, build_cohort(shelf.studies())


def try_part(part: RecipientRange) -> list[tuple[Trial, ...]]:
    """Try the proposals for some recipients, knowing of no other pair; nothing for those that may not receive."""
    draw, first, end = part
    chooser, cohort = _ProposalWorker.chooser, _ProposalWorker.cohort
    with use_lexicon(chooser.lexicon), reread_by(chooser.reader):
        return [
            () if chooser.bars(recipient) else tuple(chooser.try_proposals(recipient, cohort, draw))
            for recipient in cohort.studies[first:end]
        ]
