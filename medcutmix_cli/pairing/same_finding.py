"""Same-finding swap: donor and recipient share a present finding; the donor's evidence replaces the recipient's.

The disease label stays true by construction; what changes is whose effusion it is, in picture and words.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from medcutmix_cli.pairing.changes import swap
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy, draw_donors, rare_first
from medcutmix_cli.pairing.policy import ByPolicy
from medcutmix_cli.pairing.proposal import Offer, Proposal, exchange
from medcutmix_cli.pairing.removals import departure
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.pairing.text_change import TextChange
from medcutmix_cli.records import Assertion, ReadStudy, Sentence, Side
from medcutmix_cli.sides import donor_sides


@dataclass(frozen=True, slots=True)
class SwapByPolicy(ByPolicy, ABC):
    """One finding for the same finding; subclasses say in which order donors are tried."""

    takes_open: ClassVar[bool] = True
    unmixed: ClassVar[str] = "keep"

    def may_receive(self, study: PackedStudy, finding: str) -> bool:
        """Say whether a study has the finding that comes: it is exchanged for the same."""
        return self.may_come(finding) and finding in study.attributes.present

    def proposals(
        self, recipient: ReadStudy, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Offer | Refusal]:
        """Yield pairs in the order of preference, and by name what stands against others."""
        stated = self.exchangeable(recipient.findings)
        if not stated:
            yield Refusal("no-exchangeable-finding")
        for index in rare_first(stated, recipient.study.split, cohort, rng):
            leaving = departure(recipient.reading, stated[index])
            if isinstance(leaving, Refusal):
                yield leaving
            else:
                yield from self._with_donors(recipient, stated[index], leaving.side, cohort, rng)

    def _with_donors(
        self, recipient: ReadStudy, finding: str, own: Side, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Offer | Refusal]:
        donors = cohort.givers(recipient.study.split, finding, donor_sides(own))
        if not donors:
            yield Refusal("no-donor-of-this-finding-and-side")
            return
        for donor in self.order_donors(recipient, donors, rng):
            if isinstance(donor, Refusal):
                yield donor
            else:
                yield Offer(donor, partial(self._propose, recipient, finding), finding)

    @abstractmethod
    def order_donors(
        self, recipient: ReadStudy, donors: Sequence[PackedStudy], rng: np.random.Generator
    ) -> Iterator[PackedStudy | Refusal]:
        """Yield donors in the order in which they are to be tried; there is at least one."""

    def _propose(self, recipient: ReadStudy, finding: str, donor: ReadStudy) -> Proposal | Refusal:
        rule = self.rule(finding)
        refusal = self.view_refusal(recipient, donor, [finding])
        if refusal:
            return Refusal(refusal)
        change = swap(recipient, donor, finding)
        if isinstance(change, Refusal):
            return change
        if rule.same_severity and not _same_severity(change, finding):
            return Refusal("different-severity")
        return exchange(recipient, donor, change, finding, image_mode=rule.image)


@dataclass(frozen=True, slots=True)
class SameFinding(SwapByPolicy):
    """The default pairing.

    The donor must state a finding as present that the recipient states too, on the same side or one of them
    unsaid. The recipient's sentences about it leave, the donor's come; the pictures follow by the finding's policy.
    Source: the idea of MedCutMix (arXiv:2509.16673), in a documented offline formulation.

    Attributes:
        attempts: Donors tried per finding before the next finding is tried.
    """

    name: ClassVar[str] = "same-finding"
    attempts: int = 24

    def order_donors(
        self, recipient: ReadStudy, donors: Sequence[PackedStudy], rng: np.random.Generator
    ) -> Iterator[PackedStudy | Refusal]:
        """Draw donors at random, those with the fewest other findings first."""
        return draw_donors(donors, self.attempts, rng)


def _same_severity(change: TextChange, finding: str) -> bool:
    """Say whether two sentences give the same degree of a finding, or one of them gives none."""
    ours, theirs = (_severities(sentence, finding) for sentence in (change.leaving, change.coming))
    return not (ours and theirs) or ours == theirs


def _severities(sentence: Sentence | None, finding: str) -> set[str]:
    mentions = sentence.mentions if sentence else ()
    own = (m for m in mentions if m.finding == finding and m.assertion is Assertion.PRESENT)
    return {m.severity for m in own} - {""}
