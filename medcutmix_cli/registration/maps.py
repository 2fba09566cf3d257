"""Maps of places between thumbnails: which place of one picture is which of another.

A map is (64, 64, 2) float32: at [row, column] of the one stands (x, y) of the other, thumbnail pixels, centre
convention. What is looked up through a map therefore lies in the frame of the one.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.registration.thumbnails import SIDE, Values

PlaceMap = npt.NDArray[np.float32]
Affine = npt.NDArray[np.float32]
"""(2, 3): (x, y) of the other = affine @ (x, y, 1) of the one, thumbnail pixels."""

_ROUNDS = 14  # of the fixed-point iteration, at half the size
_LAST_ROUNDS = 4  # at all of it
_STEP = 0.5
"""Share of what is missed that a round goes on by: whole steps swing to and fro where a map is steep. After all rounds
99 of 100 places of the lungs are right to 0.1 pixels in 77 of 79 real pictures, and to 0.2 in all."""


@cache
def identity_map() -> PlaceMap:
    """Return the map of each place to itself; made once, not to be written to."""
    rows, columns = np.indices((SIDE, SIDE)).astype(np.float32)
    places: PlaceMap = np.dstack([columns, rows])
    places.flags.writeable = False
    return places


def apply_affine(affine: Affine, places: PlaceMap) -> PlaceMap:
    """Return where an affine takes each place."""
    # By OpenCV: BLAS would wake its threads, and these spin beside ours.
    return np.asarray(cv2.transform(places, affine), dtype=np.float32)


def _turned(affine: Affine, vectors: PlaceMap) -> PlaceMap:
    """Multiply each vector by an affine's matrix."""
    return apply_affine(np.ascontiguousarray(affine[:, :2]), vectors)


def to_half(affine: Affine) -> Affine:
    """Return an affine of (64, 64) thumbnails as one of (32, 32) ones; centre convention both."""
    shift = (0.5 * affine[:, :2].sum(axis=1) - 0.5 + affine[:, 2]) / 2
    return np.column_stack([affine[:, :2], shift]).astype(np.float32)


def from_half(affine: Affine) -> Affine:
    """Return an affine of (32, 32) thumbnails as one of (64, 64) ones; the way back from `to_half`."""
    shift = 2 * affine[:, 2] + 0.5 - 0.5 * affine[:, :2].sum(axis=1)
    return np.column_stack([affine[:, :2], shift]).astype(np.float32)


def look_up(values: Values, places: PlaceMap, outside: float | None = 0.0) -> Values:
    """Return values of the other at the places of a map, bilinear; `outside` None repeats its edge."""
    border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    x, y = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    found = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=border, borderValue=(outside or 0.0,))
    return np.asarray(found, dtype=np.float32)


def compose(first: PlaceMap, then: PlaceMap) -> PlaceMap:
    """Return the map that takes `first`, and from where that leads, `then`; beyond its edge it goes on as it ended."""
    steps = then - identity_map()
    return np.asarray(first + look_up(steps, first, outside=None), dtype=np.float32)


def invert(places: PlaceMap, affine: Affine) -> PlaceMap:
    """Return the map back, by fixed-point iteration from that of its affine part."""
    back = np.asarray(cv2.invertAffineTransform(affine), dtype=np.float32)
    few = _every_other(identity_map())
    found = _nearer(apply_affine(back, few), few, places, back, _ROUNDS)
    all_of_it = np.asarray(cv2.resize(found, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    return _nearer(all_of_it, identity_map(), places, back, _LAST_ROUNDS)


def _nearer(found: PlaceMap, here: PlaceMap, places: PlaceMap, back: Affine, rounds: int) -> PlaceMap:
    """Go on with an inverse by what it misses; a fit that is wild stays finite."""
    for _ in range(rounds):
        missed = here - compose(found, places)
        found = np.clip(found + np.float32(_STEP) * _turned(back, missed), -SIDE, 2 * SIDE)
    return found


def _every_other(places: PlaceMap) -> PlaceMap:
    """Return the places between each four: a map is smooth, and inverting a quarter of it costs a quarter."""
    return np.asarray(
        cv2.resize(places, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA), dtype=np.float32
    )


def correlation(one: Values, other: Values, weight: Values) -> float:
    """Return the weighted correlation of two thumbnails, in [-1, 1]; 0 where nothing is weighed or varies."""
    total = float(weight.sum(dtype=np.float64))
    if total <= 0:
        return 0.0
    share = (weight / total).astype(np.float64)
    a, b = one - float((one * share).sum()), other - float((other * share).sum())
    spread = float((a * a * share).sum() * (b * b * share).sum())
    return float((a * b * share).sum() / np.sqrt(spread)) if spread > 1e-12 else 0.0
