"""A map of places as it is stored: an affine and a coarse field, rounded before anything is decided from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Warp
from medcutmix_cli.registration.maps import PlaceMap, identity_map
from medcutmix_cli.registration.thumbnails import SIDE, Values

_Places = TypeVar("_Places")

CELLS = 32
"""Cells of a stored field along each axis."""

_SURROUNDINGS = 6.0  # sigma, thumbnail pixels: a quarter of a lung's width beyond the largest usual finding

Box = tuple[slice, slice]
"""(rows, columns) of a grid or canvas."""

EVERYWHERE: Box = (slice(None), slice(None))


def to_warp(places: PlaceMap, trusted: Values, *, elastic: bool) -> Warp:
    """Split a map into its best affine and the rest.

    Args:
        places: (64, 64, 2) from the recipient's places to the donor's, thumbnail pixels.
        trusted: (64, 64) in [0, 1], how much each place counts; what is not trusted goes where its surroundings go.
            Nowhere: all count.
        elastic: Whether the rest is kept; otherwise the field is 0.
    """
    own, given = _shares(identity_map()), _shares(places)
    weight = trusted if trusted.any() else np.ones_like(trusted)
    affine = _best_affine(own, given, weight)
    field = np.zeros((CELLS, CELLS, 2), np.float16)
    if elastic:
        rest = given - _straight(affine, own)
        field = cv2.resize(_filled(rest, weight), (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(
            np.float16
        )
    return Warp(affine, field)


def _filled(rest: PlaceMap, weight: Values) -> PlaceMap:
    """Replace what is not trusted by its surroundings (normalised convolution), as far as it is not."""
    total = np.asarray(cv2.GaussianBlur(weight, (0, 0), _SURROUNDINGS))[..., None]
    around = np.asarray(cv2.GaussianBlur(rest * weight[..., None], (0, 0), _SURROUNDINGS)) / (total + 1e-3)
    share = weight[..., None]
    return np.asarray(share * rest + (1 - share) * around, dtype=np.float32)


def _shares(places: PlaceMap) -> PlaceMap:
    """Bring thumbnail pixels to shares of the canvas."""
    return np.asarray((places + 0.5) / SIDE, dtype=np.float32)


def _best_affine(own: PlaceMap, given: PlaceMap, weight: Values) -> npt.NDArray[np.float32]:
    """Solve the weighted least squares of `given = affine @ (own, 1)`, in float64.

    Sums by `einsum`, solved by OpenCV: BLAS and LAPACK would wake their threads, and these spin beside ours.
    """
    known = np.column_stack([own.reshape(-1, 2), np.ones(own.size // 2)]).astype(np.float64)
    weighted = known * weight.reshape(-1, 1)
    wanted = given.reshape(-1, 2).astype(np.float64)
    sums, right = np.einsum("ij,ik->jk", weighted, known), np.einsum("ij,ik->jk", weighted, wanted)
    _, solved = cv2.solve(sums, right, flags=cv2.DECOMP_LU)
    return np.asarray(solved.T, dtype=np.float32)


def warp_places(warp: Warp, height: int, width: int, box: Box = EVERYWHERE) -> npt.NDArray[np.float32]:
    """Return the donor's place for the centre of each cell of a grid over the recipient's canvas.

    Args:
        warp: See `records.Warp`.
        height: Rows of the grid.
        width: Its columns.
        box: The part of the grid that is wanted.

    Returns:
        (rows, columns, 2) float32 (x, y), shares of the canvas; may lie outside [0, 1]. Not to be written to: it is
        remembered as long as the warp lives.
    """
    return _remembered(warp, ("cells", height, width, *_ends(box)), lambda: _places(warp, height, width, box))


def pixel_places(
    warp: Warp, side: int, box: Box = EVERYWHERE
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the donor's (x, y), pixels of a canvas of that side, for those of a box of it; likewise remembered."""

    def look_up() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        places = _places(warp, side, side, box) * np.float32(side) - np.float32(0.5)
        return _frozen(places[..., 0]), _frozen(places[..., 1])

    return _remembered(warp, ("pixels", side, *_ends(box)), look_up)


_KNOWN: WeakKeyDictionary[Warp, dict[tuple[object, ...], Any]] = WeakKeyDictionary()
"""What was looked up through each warp: matching, pasting, weighing and placing ask for the same places."""


def _remembered(warp: Warp, key: tuple[object, ...], make: Callable[[], _Places]) -> _Places:
    known = _KNOWN.setdefault(warp, {})
    if key not in known:
        known[key] = make()
    found: _Places = known[key]
    return found


def _ends(box: Box) -> tuple[int | None, ...]:
    return tuple(
        end for part in box for end in (part.start, part.stop)
    )  # slices have no hash before Python 3.12


def _frozen(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    values = np.ascontiguousarray(values)
    values.flags.writeable = False
    return values


def _places(warp: Warp, height: int, width: int, box: Box) -> npt.NDArray[np.float32]:
    x, y = (_centres(count)[part] for count, part in ((width, box[1]), (height, box[0])))
    field = warp.field.astype(np.float32)
    # Resizing reads between centres, and repeats the outermost: the convention of the field.
    places = np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)[box], np.float32)
    for axis, row in enumerate(warp.affine):
        places[..., axis] += row[0] * x[None, :] + (row[1] * y[:, None] + row[2])
    return _frozen(places)


def donor_places(warp: Warp, places: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the donor's place for any places of the recipient, (..., 2) float32 (x, y) in shares of the canvas."""
    added = sample(warp.field.astype(np.float32), places)
    return np.asarray(_straight(warp.affine, places) + added, dtype=np.float32)


def _straight(a: npt.NDArray[np.float32], places: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return where an affine takes places."""
    x, y = places[..., 0], places[..., 1]
    return np.stack([a[0, 0] * x + a[0, 1] * y + a[0, 2], a[1, 0] * x + a[1, 1] * y + a[1, 2]], axis=-1)


def sample(values: npt.NDArray[np.float32], places: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Read a grid at places, bilinear between the centres of its cells, constant beyond the outermost.

    Args:
        values: (h, w) or (h, w, d) float32.
        places: (..., 2) float32 (x, y), shares of the canvas that the grid covers.

    Returns:
        (...,) or (..., d) float32.
    """
    height, width = values.shape[:2]
    x = np.clip(places[..., 0] * np.float32(width) - np.float32(0.5), 0, width - 1)
    y = np.clip(places[..., 1] * np.float32(height) - np.float32(0.5), 0, height - 1)
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left, y - top) if values.ndim == 2 else ((x - left)[..., None], (y - top)[..., None])
    upper = values[top, left] * (1 - across) + values[top, right] * across
    lower = values[bottom, left] * (1 - across) + values[bottom, right] * across
    return np.asarray(upper * (1 - down) + lower * down, dtype=np.float32)


def _centres(count: int) -> npt.NDArray[np.float32]:
    """Return the centres of equal cells over the canvas, (count,) float32 in [0, 1]."""
    return (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(count)
