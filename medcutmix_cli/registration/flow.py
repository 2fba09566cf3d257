"""The two steps that bring one thumbnail closer to another: an affine one, and a free one that stays smooth."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.registration.maps import Affine, PlaceMap, apply_affine, identity_map, look_up
from medcutmix_cli.registration.thumbnails import Values

_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)
_ECC_BLUR = 3
_CONTRAST, _MIDDLE = 40.0, 128.0  # thumbnail values as 8-bit grey: three spreads either side
_SMOOTH = 2.0  # sigma of the free step, thumbnail pixels

_GREY = npt.NDArray[np.uint8]


def fit_affine(fixed: Values, inside: Values, moving: Values, start: Affine) -> Affine:
    """Improve a start by the enhanced correlation coefficient (Evangelidis & Psarakis, IEEE TPAMI 30, 2008).

    Returns:
        The start where no better one is found.
    """
    mask = (inside > 0.5).astype(np.uint8)
    try:
        _, found = cv2.findTransformECC(
            fixed, moving, start.copy(), cv2.MOTION_AFFINE, _STOP, mask, _ECC_BLUR
        )
    except cv2.error:  # it does not converge: OpenCV says so by an error
        return start
    return np.asarray(found, dtype=np.float32)


def warp_by(affine: Affine, values: Values) -> Values:
    """Return what the other picture has at the places that an affine leads to."""
    return look_up(values, apply_affine(affine, identity_map()))


def free_step(fixed: Values, moving: Values) -> PlaceMap:
    """Return where in `moving` each place of `fixed` is found: dense inverse search, then smoothed.

    Source: T. Kroeger et al., Fast Optical Flow using Dense Inverse Search, ECCV 2016, as in OpenCV.
    """
    search = cv2.DISOpticalFlow.create(
        cv2.DISOPTICAL_FLOW_PRESET_MEDIUM
    )  # holds buffers: not for two threads
    search.setFinestScale(0)
    flow = search.calc(_grey(fixed), _grey(moving), np.zeros((*fixed.shape, 2), np.float32))
    smooth = cv2.GaussianBlur(flow, (0, 0), _SMOOTH)
    return np.asarray(identity_map() + smooth, dtype=np.float32)


def _grey(values: Values) -> _GREY:
    return np.clip(values * _CONTRAST + _MIDDLE, 0, 255).astype(np.uint8)
