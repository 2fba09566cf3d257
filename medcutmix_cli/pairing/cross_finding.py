"""Cross-finding: one finding leaves, another comes: in its place in the report, in both places of the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from medcutmix_cli.pairing.attributes import PRESENT, UNCERTAIN
from medcutmix_cli.pairing.changes import cross
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy, draw_donors, rare_first
from medcutmix_cli.pairing.policy import ByPolicy
from medcutmix_cli.pairing.proposal import Offer, Proposal, exchange
from medcutmix_cli.pairing.removals import departure
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import Assertion, ReadStudy
from medcutmix_cli.reports.lexicon import label_of


@dataclass(frozen=True, slots=True)
class CrossFinding(ByPolicy):
    """The recipient's finding leaves, another finding of the donor's comes.

    The donor must state a finding as present that the recipient does not, of another CheXpert observation than the one
    that leaves (a "consolidation" for a "pneumonia", no "opacity" for an "infiltrate"). The recipient's sentences about
    its own finding are exchanged for the donor's; both regions are exchanged by the run's region rule, softly where the
    policy of what comes says so. What the policy moves as text only is left out: the picture would not follow.
    Sides are free: each finding keeps its own. Source: the general case of CutMix between labels (arXiv:1905.04899).

    Attributes:
        attempts: Donors tried for each two findings before the next two are tried.
    """

    name: ClassVar[str] = "cross-finding"
    attempts: int = 8

    def proposals(
        self, recipient: ReadStudy, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Offer | Refusal]:
        """Yield pairs in the order of preference, what comes drawn with weight n^-0.5."""
        leaving: list[str] = []
        for outcome in self._leaving(recipient):
            if isinstance(outcome, Refusal):
                yield outcome
            else:
                leaving.append(outcome)
        routes = self._routes(leaving, recipient, cohort)
        if leaving and not routes:
            yield Refusal("no-other-finding-to-give")
        for index in rare_first([coming for _, coming in routes], recipient.study.split, cohort, rng):
            gone, coming = routes[index]
            donors = cohort.givers_of_any_side(recipient.study.split, coming)
            for donor in draw_donors(donors, self.attempts, rng):
                yield Offer(donor, partial(self._propose, recipient, gone, coming), gone)

    def may_come(self, finding: str) -> bool:
        """Say whether a finding can be put into a picture."""
        return finding in self.findings and self.rules[finding].image != "keep"

    def may_receive(self, study: PackedStudy, finding: str) -> bool:
        """Say whether a study has a finding that may leave, and not the one that comes."""
        known = study.attributes
        free = self.may_come(finding) and known.state(finding) not in (PRESENT, UNCERTAIN)
        return free and any(other in self.findings for other in known.present)

    def _leaving(self, recipient: ReadStudy) -> Iterator[str | Refusal]:
        """Yield the findings that can be taken out, or why they cannot."""
        stated = [finding for finding in self.findings if finding in recipient.findings]
        if not stated:
            yield Refusal("no-exchangeable-finding")
        for finding in stated:
            if self.rules[finding].image != "attended":
                yield Refusal("finding-cannot-be-taken-out")
                continue
            leaving = departure(recipient.reading, finding)
            yield leaving if isinstance(leaving, Refusal) else finding

    def _routes(self, leaving: list[str], recipient: ReadStudy, cohort: Cohort) -> list[tuple[str, str]]:
        """Return (what leaves, what comes) for all that can be exchanged."""
        split, present = recipient.study.split, stated_as_present(recipient)
        coming = [f for f in self.givable(cohort, split) if f not in present]
        return [(gone, new) for gone in leaving for new in coming if not _one_observation(gone, new)]

    def _propose(
        self, recipient: ReadStudy, leaving: str, coming: str, donor: ReadStudy
    ) -> Proposal | Refusal:
        refusal = self.view_refusal(recipient, donor, [leaving, coming])
        change = Refusal(refusal) if refusal else cross(recipient, donor, leaving, coming)
        if isinstance(change, Refusal):
            return change
        mode = self.rules[coming].image
        return exchange(recipient, donor, change, coming, finding_a=leaving, image_mode=mode)


def stated_as_present(study: ReadStudy) -> frozenset[str]:
    """Return what a report says is there; with a label table `ReadStudy.findings` may be less."""
    said = (sentence.findings(Assertion.PRESENT) for sentence in study.reading.sentences)
    return study.findings.union(*said)


def _one_observation(one: str, other: str) -> bool:
    labels = label_of("chexpert")
    return one == other or (one in labels and labels.get(one) == labels.get(other))
