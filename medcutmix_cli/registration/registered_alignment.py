"""What alignments that register have in common: which pictures they refuse, and how one is brought onto the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from medcutmix_cli.records import Warp
from medcutmix_cli.registration.alignment_rule import Alignment, Evidence
from medcutmix_cli.registration.flow import free_step
from medcutmix_cli.registration.maps import PlaceMap, compose, correlation, look_up
from medcutmix_cli.registration.pictures import RegisteredPicture
from medcutmix_cli.registration.poses import Pose
from medcutmix_cli.registration.thumbnails import SIDE, Values
from medcutmix_cli.registration.warps import to_warp, warp_places


@dataclass(frozen=True, slots=True)
class RegisteredAlignment:
    """Bring a donor onto its recipient by registration; subclasses say what of the map is kept.

    Attributes:
        elastic: Whether more than its affine part is.
        least_quality: Correlation of the two pictures below which a pair is refused ("poor-alignment").
        refuse_odd: Whether a picture that is inverted, rotated or mirrored is refused by that name.
    """

    registers: ClassVar[bool] = True
    elastic: ClassVar[bool]

    least_quality: float
    refuse_odd: bool = True

    def __post_init__(self) -> None:
        """Refuse what is no correlation."""
        if not -1 <= self.least_quality <= 1:
            raise ValueError("least_quality must be in [-1, 1]")

    def align(
        self, recipient: RegisteredPicture, donor: RegisteredPicture, evidence: Evidence | None = None
    ) -> Alignment:
        """Register, unless a picture lies wrong, and refuse a poor fit."""
        odd = _name_odd(recipient, donor) if self.refuse_odd else ""
        if odd:
            return Alignment(rejected=odd)
        own, given = recipient.pose, donor.pose
        places = _places(own, given)
        trusted = own.thumbnail.inside * (1 - _changed(evidence, places))
        warp = to_warp(places, trusted, elastic=self.elastic)
        quality = _quality(warp, own, given, trusted)
        return Alignment(warp, quality, "" if quality >= self.least_quality else "poor-alignment")


def _name_odd(recipient: RegisteredPicture, donor: RegisteredPicture) -> str:
    """Name the first picture that lies wrong ("donor-inverted"), "" where both lie as they should."""
    named = (("recipient", recipient), ("donor", donor))
    return next((f"{name}-{picture.oddity}" for name, picture in named if picture.oddity), "")


def _places(own: Pose, given: Pose) -> PlaceMap:
    """Go from the recipient to the template and on to the donor, then take the step that is left."""
    places = compose(own.to_template, given.to_picture)
    step = free_step(own.thumbnail.values, look_up(given.thumbnail.values, places))
    return compose(step, places)


def _changed(evidence: Evidence | None, places: PlaceMap) -> Values:
    """Return how much of each place of the recipient the finding of either may have changed, (64, 64) in [0, 1]."""
    if evidence is None:
        return np.zeros((SIDE, SIDE), np.float32)
    own, given = (
        np.asarray(
            cv2.resize(mask.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.float32
        )
        for mask in evidence
    )
    return np.maximum(own, look_up(given, places))


def _quality(warp: Warp, own: Pose, given: Pose, trusted: Values) -> float:
    """Return the correlation of the pictures where both have picture that is trusted, by the warp as it is stored."""
    places = warp_places(warp, SIDE, SIDE) * np.float32(SIDE) - np.float32(0.5)
    weight = trusted * look_up(given.thumbnail.inside, places)
    return correlation(own.thumbnail.values, look_up(given.thumbnail.values, places), weight)
