"""What is found out about a picture once, whatever it is mixed with: each on the first asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from medcutmix_cli.mixing.leads import find_leads
from medcutmix_cli.mixing.markers import Markers, find_markers
from medcutmix_cli.records import Placement
from medcutmix_cli.registration.anatomy import PictureAnatomy, picture_anatomy
from medcutmix_cli.registration.pictures import RegisteredPicture, register_picture


@dataclass(frozen=True, slots=True, eq=False)
class PictureFacts:
    """Facts of one picture; two threads that ask at the same time may both work them out, and get the same.

    Attributes:
        registration: How its thorax lies.
        markers: Burnt-in letters and lines.
        leads: Leads, tubes and catheters that cross a lung, (canvas, canvas) bool; wants the registration.
        anatomy: What each cell of a grid of this shape shows; wants the registration.
    """

    registration: Callable[[], RegisteredPicture]
    markers: Callable[[], Markers]
    leads: Callable[[], npt.NDArray[np.bool_]]
    anatomy: Callable[[tuple[int, ...]], PictureAnatomy]


def picture_facts(pixels: npt.NDArray[np.uint8], placement: Placement) -> PictureFacts:
    """Return the facts of a (canvas, canvas) uint8 picture; nothing is worked out before it is asked for."""
    registration = cache(partial(register_picture, pixels, placement))

    def leads() -> npt.NDArray[np.bool_]:
        return find_leads(pixels, registration().pose)

    def anatomy(grid: tuple[int, ...]) -> PictureAnatomy:
        return picture_anatomy(registration().pose, grid)

    markers = cache(partial(find_markers, pixels, placement))
    return PictureFacts(registration, markers, cache(leads), cache(anatomy))
