"""What an alignment is: how one thorax is brought onto another, and how well that went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from medcutmix_cli.records import Warp
from medcutmix_cli.registration.pictures import RegisteredPicture


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """The donor brought onto the recipient, or why it cannot be.

    Attributes:
        warp: Backwards, see `records.Warp`; None where the donor stays as it lies.
        quality: Correlation of the two pictures afterwards, in [-1, 1]; None where it was not asked.
        rejected: "" or the name of the rule that refused it.
    """

    warp: Warp | None = None
    quality: float | None = None
    rejected: str = ""


class AlignmentRule(Protocol):
    """A plugin of the group `medcutmix.alignments`: a frozen dataclass whose fields are its settings.

    Attributes:
        registers: Whether pictures must be registered for it; `align` is not asked otherwise.
    """

    registers: ClassVar[bool]

    def align(self, recipient: RegisteredPicture, donor: RegisteredPicture) -> Alignment:
        """Say where in the donor each place of the recipient lies."""
