"""The alignment `affine`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medcutmix_cli.registration.alignment_rule import Alignment, Evidence
from medcutmix_cli.registration.alignments.elastic import align_pictures, check_quality, name_odd
from medcutmix_cli.registration.pictures import RegisteredPicture


@dataclass(frozen=True, slots=True)
class AffineAlignment:
    """Move, scale, turn and shear the donor, so that its thorax lies on the recipient's as well as that allows.

    Attributes:
        least_quality: Correlation of the two pictures below which a pair is refused ("poor-alignment").
        refuse_odd: Whether a picture that is inverted, rotated or mirrored is refused by that name.
    """

    registers: ClassVar[bool] = True

    least_quality: float = 0.5
    refuse_odd: bool = True

    def __post_init__(self) -> None:
        """Refuse what is no correlation."""
        check_quality(self.least_quality)

    def align(
        self, recipient: RegisteredPicture, donor: RegisteredPicture, evidence: Evidence | None = None
    ) -> Alignment:
        """Register, and keep the affine part."""
        odd = name_odd(recipient, donor) if self.refuse_odd else ""
        if odd:
            return Alignment(rejected=odd)
        return align_pictures(recipient, donor, self.least_quality, evidence, elastic=False)
