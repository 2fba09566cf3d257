"""The alignment `none`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medcutmix_cli.registration.alignment_rule import Alignment, Evidence
from medcutmix_cli.registration.pictures import RegisteredPicture


@dataclass(frozen=True, slots=True)
class NoAlignment:
    """Leave the donor as it lies: what is pasted comes from the same cells of the canvas.

    Where two lungs do not lie alike, the donor's heart or diaphragm then comes where the recipient has lung.
    """

    registers: ClassVar[bool] = False

    def align(
        self, recipient: RegisteredPicture, donor: RegisteredPicture, evidence: Evidence | None = None
    ) -> Alignment:
        """Return no warp."""
        return Alignment()
