"""What registration makes of one picture: done once a picture, whatever it is mixed with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Placement
from medcutmix_cli.registration.oddities import name_oddity
from medcutmix_cli.registration.poses import Pose, fit_pose
from medcutmix_cli.registration.template import thorax
from medcutmix_cli.registration.thumbnails import make_thumbnail


@dataclass(frozen=True, slots=True, eq=False)
class RegisteredPicture:
    """A picture and how its thorax lies.

    Attributes:
        oddity: "inverted", "rotated", "mirrored", or "" where it lies as it should.
    """

    pose: Pose
    oddity: str


def register_picture(pixels: npt.NDArray[np.uint8], placement: Placement) -> RegisteredPicture:
    """Register a (canvas, canvas) uint8 picture to the thorax template; deterministic, single-threaded."""
    pose = fit_pose(make_thumbnail(pixels, placement), thorax())
    return RegisteredPicture(pose, name_oddity(pose))
