"""Same-finding swap: donor and recipient share a present finding; the donor's evidence replaces the recipient's.

The disease label stays true by construction; what changes is whose effusion it is, in picture and words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medcutmix_cli.pairing.cohort import Cohort
from medcutmix_cli.pairing.editing import inserted_sentences, swap_edits
from medcutmix_cli.pairing.proposal import Proposal
from medcutmix_cli.pairing.statements import (
    Refusal,
    Statement,
    donor_statement,
    recipient_statement,
    sides_compatible,
)
from medcutmix_cli.records import ReadStudy, Side

DEFAULT_FINDINGS = (
    "pleural_effusion",
    "consolidation",
    "pneumothorax",
    "mass",
    "atelectasis",
    "pneumonia",
    "opacity",
    "infiltrate",
)
"""Findings with a place of their own. Size-type findings (cardiomegaly, edema) mean nothing as a patch; maps of
tiny ones (nodule, fracture) are near chance for published encoders: name them in `plan.findings` to have them."""


@dataclass(frozen=True, slots=True)
class SameFinding:
    """The default pairing.

    Attributes:
        findings: What may be exchanged, by lexicon id.
        attempts: Donors tried per finding before the next finding is tried.
    """

    name: ClassVar[str] = "same-finding"
    findings: tuple[str, ...] = DEFAULT_FINDINGS
    attempts: int = 24

    def proposals(
        self, recipient: ReadStudy, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Proposal | Refusal]:
        """Yield pairs in the order of preference, and by name what stands against others."""
        stated = [finding for finding in self.findings if finding in recipient.findings]
        if not stated:
            yield Refusal("no-exchangeable-finding")
        for finding in _rare_first(stated, recipient.study.split, cohort, rng):
            leaving = recipient_statement(recipient.reading, finding)
            if isinstance(leaving, Refusal):
                yield leaving
            else:
                yield from self._with_donors(recipient, leaving, cohort, rng)

    def _with_donors(
        self, recipient: ReadStudy, leaving: Statement, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Proposal | Refusal]:
        sides = [side for side in Side if sides_compatible(leaving.side, side)]
        donors = cohort.givers(recipient.study.split, leaving.finding, sides)
        if not donors:
            yield Refusal("no-donor-of-this-finding-and-side")
            return
        chosen = rng.choice(len(donors), size=min(len(donors), self.attempts), replace=False)
        for index in chosen:
            yield _propose(recipient, leaving, donors[int(index)].open())


def _rare_first(findings: list[str], split: str, cohort: Cohort, rng: np.random.Generator) -> list[str]:
    """Order findings at random with weight n^-0.5 each, so that rare ones are not swamped."""
    weights = np.array([max(1, cohort.frequency.get((split, f), 0)) ** -0.5 for f in findings])
    # Efraimidis & Spirakis 2006: the order of u^(1/w), highest first, is a weighted draw without replacement.
    keys = rng.random(len(findings)) ** (1.0 / weights)
    return [findings[i] for i in np.argsort(-keys, kind="stable")]


def _propose(recipient: ReadStudy, leaving: Statement, donor: ReadStudy) -> Proposal | Refusal:
    coming = donor_statement(donor.reading, leaving.finding)
    if isinstance(coming, Refusal):
        return coming
    edits = swap_edits(recipient.study.report, leaving, coming)
    if isinstance(edits, Refusal):
        return edits
    gone = set(leaving.sentences)
    return Proposal(
        finding=leaving.finding,
        recipient=recipient,
        donor=donor,
        recipient_sentence=leaving.main,
        donor_sentence=coming.main,
        recipient_side=leaving.side,
        donor_side=coming.side,
        edits=edits,
        kept=tuple(s for s in recipient.reading.sentences if s not in gone),
        inserted=inserted_sentences(leaving, coming),
    )
