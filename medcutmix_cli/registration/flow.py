"""The two steps that bring one thumbnail closer to another: an affine one, and a free one that stays smooth."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.registration.maps import Affine, PlaceMap, apply_affine, identity_map, look_up
from medcutmix_cli.registration.thumbnails import Values

_EPSILON = 1e-3  # gain of the correlation below which a fit has arrived
_ECC_BLUR = 3
_CONTRAST, _MIDDLE = 40.0, 128.0  # thumbnail values as 8-bit grey: three spreads either side
_SMOOTH = 2.0  # sigma of the free step, thumbnail pixels

_GREY = npt.NDArray[np.uint8]


def fit_affine(fixed: Values, inside: Values, moving: Values, start: Affine, rounds: int) -> Affine:
    """Improve a start by the enhanced correlation coefficient (Evangelidis & Psarakis, IEEE TPAMI 30, 2008).

    Args:
        fixed: (n, n) what is fitted to.
        inside: (n, n) in [0, 1], the share of each of its pixels that counts.
        moving: (n, n) what is fitted.
        start: Pixels of these pictures.
        rounds: Of improvement, at most.

    Returns:
        The start where no better one is found.
    """
    mask = (inside > 0.5).astype(np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, rounds, _EPSILON)
    try:
        _, found = cv2.findTransformECC(fixed, moving, start.copy(), cv2.MOTION_AFFINE, stop, mask, _ECC_BLUR)
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
    search = _make_search()
    flow = search.calc(_grey(fixed), _grey(moving), np.zeros((*fixed.shape, 2), np.float32))
    smooth = cv2.GaussianBlur(flow, (0, 0), _SMOOTH)
    return np.asarray(identity_map() + smooth, dtype=np.float32)


def _make_search() -> cv2.DISOpticalFlow:
    """Make a search down to single pixels; it holds buffers, so it is not for two threads.

    A wider stride and half the descents of OpenCV's "medium" take two thirds of its time, and find no less here.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setPatchStride(4)
    search.setGradientDescentIterations(12)
    search.setVariationalRefinementIterations(3)
    return search


def _grey(values: Values) -> _GREY:
    return np.clip(values * _CONTRAST + _MIDDLE, 0, 255).astype(np.uint8)
