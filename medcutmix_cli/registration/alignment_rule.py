"""What an alignment is: how one thorax is brought onto another, and how well that went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Warp
from medcutmix_cli.registration.pictures import RegisteredPicture

Evidence = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]
"""(grid_h, grid_w) of the recipient and of the donor, each in its own frame. What disease changes says nothing of where
the thorax lies: the edge of an effusion looks like a diaphragm."""


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

    def align(
        self, recipient: RegisteredPicture, donor: RegisteredPicture, evidence: Evidence | None = None
    ) -> Alignment:
        """Say where in the donor each place of the recipient lies.

        Args:
            recipient: As it is registered (likewise donor).
            donor: As it is registered.
            evidence: Where the finding lies in each; None where that is not known.
        """
