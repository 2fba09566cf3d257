"""Where to begin: scale and place of a thorax in a picture, from a coarse search over a few sizes."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.registration.maps import Affine
from medcutmix_cli.registration.thumbnails import SIDE, Values, halve

_COARSE = SIDE // 2  # side at which is searched
_SCALES = (0.75, 1.0, 1.33)  # of the picture, along each axis; a fit bridges what lies between
_OBLONG = 1.4  # greatest proportion of the two scales
_TRIM = 0.12  # share of the picture that is left out at each edge: arms, abdomen, bars
_ROOM = 10  # coarse pixels that the picture may reach over the template's edge
_UNLIKELY = 0.02  # taken off the correlation for each unit of log scale
_APART = 4.0  # thumbnail pixels by which two starts must differ


def find_starts(template: Values, picture: Values, count: int) -> list[Affine]:
    """Return up to `count` starts, the likeliest first, that differ from each other.

    Args:
        template: (64, 64) thumbnail values of the thorax that is looked for.
        picture: (64, 64) thumbnail values of the picture that it is looked for in.
        count: How many are wanted.
    """
    room = np.pad(halve(template), _ROOM)
    small = halve(picture)
    tried = [_tried(room, small, *scales) for scales in product(_SCALES, repeat=2) if _plausible(*scales)]
    found: list[Affine] = []
    for _, affine in sorted(tried, key=lambda each: -each[0]):
        if all(_distance(affine, other) > _APART for other in found):
            found.append(affine)
        if len(found) == count:
            break
    return found


def _plausible(across: float, down: float) -> bool:
    return 1 / _OBLONG <= across / down <= _OBLONG


def _tried(room: Values, picture: Values, across: float, down: float) -> tuple[float, Affine]:
    """Lay the picture, scaled, where it fits the template best."""
    width, height = round(_COARSE * across), round(_COARSE * down)
    method = cv2.INTER_AREA if across * down < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(picture, (width, height), interpolation=method)
    left, top = round(width * _TRIM), round(height * _TRIM)
    answers = cv2.matchTemplate(room, scaled[top : height - top, left : width - left], cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(answers)
    x, y = x - _ROOM - left, y - _ROOM - top  # where the scaled picture's corner lies, coarse pixels
    likely = best - _UNLIKELY * (abs(np.log(across)) + abs(np.log(down)))
    step = SIDE / _COARSE
    scale_x, scale_y = _COARSE / width, _COARSE / height
    return likely, np.array(
        [[scale_x, 0, -step * x * scale_x], [0, scale_y, -step * y * scale_y]], np.float32
    )


def _distance(one: Affine, other: Affine) -> float:
    """Return about how far two starts take a place of a lung apart, thumbnail pixels."""
    middle = np.array([SIDE / 2, SIDE / 2, 1.0])
    moved: npt.NDArray[np.float64] = np.abs(one @ middle - other @ middle)
    return float(moved.max() + SIDE / 2 * np.abs(one[:, :2] - other[:, :2]).max())
