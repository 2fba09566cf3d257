"""A pair that a strategy would like to make, before the rules that hold for every strategy have been asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from medcutmix_cli.pairing.cohort import Cohort, PackedStudy
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.pairing.text_change import TextChange
from medcutmix_cli.records import Edit, ReadStudy, Sentence, Side


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who would give what to whom, and how the text would change.

    Attributes:
        recipient_sentence: The sentence whose evidence leaves (likewise donor_sentence: whose evidence comes).
        kept: The recipient's sentences that stay.
        inserted: The donor's sentences as they enter, one a section.
        finding_a: What leaves, where that is not what comes; None means the same finding.
        image_mode: One of `records.IMAGE_MODES`.
        pictures_of: The proposal whose pictures are mixed, where its texts are not.

    Where nothing of a parent leaves or comes, its sentence is None and its side NONE; `finding` is "" where no
    finding is exchanged.
    """

    finding: str
    recipient: ReadStudy
    donor: ReadStudy
    recipient_sentence: Sentence | None
    donor_sentence: Sentence | None
    recipient_side: Side
    donor_side: Side
    edits: tuple[Edit, ...]
    kept: tuple[Sentence, ...]
    inserted: tuple[Sentence, ...]
    finding_a: str | None = None
    image_mode: str = "attended"
    pictures_of: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A donor that a strategy would like to try next, before anything is written.

    Attributes:
        donor: Put away. One that is used up is not opened, and no text is made of it.
        write: Makes the proposal of the opened donor, or says by name what stands against it.
        leaving: Lexicon id of the finding that would leave the recipient's report; "" where none does.
    """

    donor: PackedStudy
    write: Callable[[ReadStudy], Proposal | Refusal]
    leaving: str = ""


def exchange(
    recipient: ReadStudy,
    donor: ReadStudy,
    change: TextChange,
    finding: str,
    *,
    finding_a: str | None = None,
    image_mode: str = "attended",
) -> Proposal:
    """Propose a change of text, with pictures that follow it."""
    return Proposal(
        finding=finding,
        recipient=recipient,
        donor=donor,
        recipient_sentence=change.leaving,
        donor_sentence=change.coming,
        recipient_side=change.recipient_side,
        donor_side=change.donor_side,
        edits=change.edits,
        kept=change.kept,
        inserted=change.inserted,
        finding_a=finding_a,
        image_mode=image_mode,
    )


class PairingStrategy(Protocol):
    """A plugin of the group `medcutmix.pairings`: a frozen dataclass whose fields are its settings.

    Attributes:
        name: Registered name, written with every sample.
        findings: Lexicon ids that may be exchanged.
        unmixed: What becomes of studies that no pair is found for, where the settings leave it to the strategy: "keep"
            (a row of their own, so that the rows have the shape of the set) or "drop" (the set is meant to shift, or
            the rows are meant to be compared).
    """

    unmixed: ClassVar[str]

    @property
    def name(self) -> str:
        """Registered name."""

    @property
    def findings(self) -> tuple[str, ...]:
        """Lexicon ids that may be exchanged."""

    def proposals(
        self, recipient: ReadStudy, cohort: Cohort, rng: np.random.Generator
    ) -> Iterator[Offer | Proposal | Refusal]:
        """Yield pairs in the order of preference. Split, patient, uses and consistency are checked by others.

        An offer instead of its proposal saves the work on donors that are used up.
        """
