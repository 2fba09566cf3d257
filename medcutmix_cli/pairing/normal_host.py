"""Normal host: a finding comes into a chest without findings; nothing leaves but the words that deny it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.pairing.changes import host
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy, draw_donors, rare_first
from medcutmix_cli.pairing.policy import ByPolicy
from medcutmix_cli.pairing.proposal import Offer, Proposal, exchange
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import ReadStudy
from medcutmix_cli.reports.labels import chexpert_labels

_NO_FINDING = CHEXPERT.index("No Finding")


@dataclass(frozen=True, slots=True)
class NormalHost(ByPolicy):
    """A donor's finding is put into a normal chest.

    The donor must state a finding as present; the recipient must be labelled "No Finding", by its report too where a
    label table counts. The donor's sentences come, the recipient's denials of the finding leave; in the picture the
    donor's region is pasted where it lies, softly where the policy says so. What the policy moves as text only is
    left out. Source: lesions pasted into normal pictures (Zhang et al. 2021, CarveMix, arXiv:2108.06883).

    Attributes:
        attempts: Donors tried per finding before the next finding is tried.
    """

    name: ClassVar[str] = "normal-host"
    attempts: int = 8

    def proposals(
        self, recipient: ReadStudy, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Offer | Refusal]:
        """Yield pairs in the order of preference, what comes drawn with weight n^-0.5."""
        if not is_normal(recipient):
            yield Refusal("recipient-is-not-normal")
            return
        split = recipient.study.split
        coming = self.givable(cohort, split)
        if not coming:
            yield Refusal("no-finding-to-give")
        for index in rare_first(coming, split, cohort, rng):
            donors = cohort.givers_of_any_side(split, coming[index])
            for donor in draw_donors(donors, self.attempts, rng):
                yield Offer(donor, partial(self._propose, recipient, coming[index]))

    def may_come(self, finding: str) -> bool:
        """Say whether a finding can be put into a picture."""
        return finding in self.findings and self.rules[finding].image != "keep"

    def may_receive(self, study: PackedStudy, finding: str) -> bool:
        """Say whether nothing is found in a study, before it is opened."""
        return self.may_come(finding) and study.clear

    def _propose(self, recipient: ReadStudy, coming: str, donor: ReadStudy) -> Proposal | Refusal:
        refusal = self.view_refusal(recipient, donor, [coming])
        change = Refusal(refusal) if refusal else host(recipient, donor, coming)
        if isinstance(change, Refusal):
            return change
        mode = self.rules[coming].image
        return exchange(recipient, donor, change, coming, finding_a="", image_mode=mode)


def is_normal(study: ReadStudy) -> bool:
    """Say whether neither labels nor report find anything; support devices do not count (CheXpert)."""
    return study.labels[_NO_FINDING] == 1.0 == chexpert_labels(study.reading)[_NO_FINDING]
