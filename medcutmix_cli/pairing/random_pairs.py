"""Random: any donor at all, reports joined, a random box pasted. The baseline that knows no finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from medcutmix_cli.pairing.changes import concatenation
from medcutmix_cli.pairing.cohort import Cohort, draw_studies
from medcutmix_cli.pairing.proposal import Offer, Proposal, exchange
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import ReadStudy


@dataclass(frozen=True, slots=True)
class JoinedReports:
    """Reports joined with those of any study of the split; subclasses say how the pictures follow.

    Attributes:
        attempts: Donors tried.
    """

    findings: ClassVar[tuple[str, ...]] = ()
    unmixed: ClassVar[str] = "drop"
    image_mode: ClassVar[str]
    attempts: int = 24

    def proposals(
        self, recipient: ReadStudy, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Offer | Refusal]:
        """Yield pairs with donors drawn at random."""
        donors = cohort.members.get(recipient.study.split, ())
        if not donors:
            yield Refusal("no-donor")
        for donor in draw_studies(donors, self.attempts, rng):
            yield Offer(donor, partial(self._propose, recipient))

    def _propose(self, recipient: ReadStudy, donor: ReadStudy) -> Proposal:
        change = concatenation(recipient, donor)
        return exchange(recipient, donor, change, "", image_mode=self.image_mode)


@dataclass(frozen=True, slots=True)
class RandomPairs(JoinedReports):
    """Baseline: nothing is asked of the donor but its split.

    Nothing leaves; all that the donor's findings and impression say comes. The donor's picture shows in a random box
    (Yun et al. 2019, CutMix, arXiv:1905.04899), its report follows the recipient's (Hao et al. 2023, MixGen,
    arXiv:2206.08358). Reports that contradict each other are refused as in every strategy.
    """

    name: ClassVar[str] = "random"
    image_mode: ClassVar[str] = "box"
