"""The alignment `affine`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medcutmix_cli.registration.registered_alignment import RegisteredAlignment


@dataclass(frozen=True, slots=True)
class AffineAlignment(RegisteredAlignment):
    """Move, scale, turn and shear the donor, so that its thorax lies on the recipient's as well as that allows."""

    elastic: ClassVar[bool] = False

    least_quality: float = 0.5
