"""Baselines: the default pairing with a part taken away, and mixing without findings. An ablation is a flag.

All but `mixgen` propose the pairs of `same-finding`, so that the same seed mixes the same studies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from medcutmix_cli.pairing.cohort import Cohort
from medcutmix_cli.pairing.proposal import Offer, Proposal
from medcutmix_cli.pairing.random_pairs import JoinedReports
from medcutmix_cli.pairing.same_finding import SameFinding
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import ReadStudy, Side


@dataclass(frozen=True, slots=True)
class MixGen(JoinedReports):
    """Baseline: reports joined, pictures averaged (Hao et al. 2023, MixGen, arXiv:2206.08358).

    Nothing is asked of the donor but its split; nothing leaves, all that its findings and impression say comes.
    """

    name: ClassVar[str] = "mixgen"
    image_mode: ClassVar[str] = "average"


@dataclass(frozen=True, slots=True)
class _Ablation(SameFinding):
    """The proposals of `same-finding`, each changed by `ablated`."""

    unmixed: ClassVar[str] = "drop"

    def proposals(
        self, recipient: ReadStudy, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Offer | Refusal]:
        """Yield the pairs of `same-finding`, with a part taken away."""
        for offer in SameFinding.proposals(self, recipient, cohort, rng):
            if isinstance(offer, Refusal):
                yield offer
            else:
                yield replace(offer, write=partial(self._ablated, offer))

    def _ablated(self, offer: Offer, donor: ReadStudy) -> Proposal | Refusal:
        proposal = offer.write(donor)
        return proposal if isinstance(proposal, Refusal) else self.ablate(proposal)

    def ablate(self, proposal: Proposal) -> Proposal | Refusal:
        """Take a part of a proposal away."""
        return proposal


@dataclass(frozen=True, slots=True)
class Identity(_Ablation):
    """Baseline: the recipient as it is, picture and report.

    The donor is the one that `same-finding` would take; it is named, and gives nothing. Nothing leaves or comes. What a
    trainer gains from this is what more copies of the same studies give.
    """

    name: ClassVar[str] = "identity"

    def ablate(self, proposal: Proposal) -> Proposal:
        """Take everything away."""
        nothing = replace(
            _unedited(proposal), finding="", finding_a=None, recipient_sentence=None, donor_sentence=None
        )
        return replace(nothing, recipient_side=Side.NONE, donor_side=Side.NONE, image_mode="keep")


@dataclass(frozen=True, slots=True)
class CutMixRandom(_Ablation):
    """Baseline: the texts of `same-finding`, the pictures by a random box (CutMix, arXiv:1905.04899).

    Donors and sentences as in `same-finding`; whether the box holds what the sentences say is chance.
    """

    name: ClassVar[str] = "cutmix-random"

    def ablate(self, proposal: Proposal) -> Proposal:
        """Paste a random box instead of the evidence."""
        return replace(proposal, image_mode="box")


@dataclass(frozen=True, slots=True)
class SentenceOnly(_Ablation):
    """Baseline: the texts of `same-finding`, the recipient's own picture.

    Donors and sentences as in `same-finding`; no pixel changes.
    """

    name: ClassVar[str] = "sentence-only"

    def ablate(self, proposal: Proposal) -> Proposal:
        """Keep the picture."""
        return replace(proposal, image_mode="keep")


@dataclass(frozen=True, slots=True)
class ImageOnly(_Ablation):
    """Baseline: the pictures of `same-finding`, the recipient's own report.

    Donors and evidence as in `same-finding`; no word changes. Where the policy moves a finding as text only, nothing
    would be left, and the pair is refused.
    """

    name: ClassVar[str] = "image-only"

    def ablate(self, proposal: Proposal) -> Proposal | Refusal:
        """Keep the report."""
        if proposal.image_mode == "keep":
            return Refusal("nothing-would-change")
        return replace(_unedited(proposal), pictures_of=proposal)


def _unedited(proposal: Proposal) -> Proposal:
    return replace(proposal, edits=(), kept=proposal.recipient.reading.sentences, inserted=())
