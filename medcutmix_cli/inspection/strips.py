"""The pictures of a pair side by side, with outlines, as one array: what a terminal and a contact sheet show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.images import decode_picture
from medcutmix_cli.inspection.pair_record import PairView, ParentView
from medcutmix_cli.inspection.parent_images import ParentImages
from medcutmix_cli.inspection.refused_view import RefusedParentView, RefusedView

Strip = npt.NDArray[np.uint8]
"""(side, n * side + (n - 1) * gap, 3) RGB."""

Marked = tuple[npt.NDArray[np.uint8] | None, Mapping[str, npt.NDArray[np.bool_]]]
"""A (canvas, canvas) picture, None where there is none, and grids of cells by the name of their colour."""

COLOURS = {
    "own": (255, 212, 59),
    "paste": (56, 189, 248),
    "broken": (255, 77, 94),
    "neighbour": (232, 121, 249),
}
"""As on the page. What is guarded lies over what of it broke the rule: it is whole only with that."""

NO_DONOR = "no donor"
"""What stands in place of a picture that a study as it is has not."""

_WORDS = (200, 200, 200)
_NOTHING = 48  # grey where a picture cannot be read


def pair_strip(view: PairView, parents: ParentImages, side: int, *, outlines: bool = True) -> Strip:
    """Return recipient, donor and mix of a written pair, which was read with its picture."""
    pasted = np.array(view.mask, bool).reshape(view.grid)
    mixed = None if view.picture is None else decode_picture(view.picture)
    donor: Marked = (None, {}) if view.unmixed else _parent(view.donor, view.grid, parents)
    marked = (_parent(view.recipient, view.grid, parents), donor, (mixed, {"paste": pasted}))
    strip = join_pictures([(pixels, cells if outlines else {}) for pixels, cells in marked], side)
    return _with_words(strip, side) if view.unmixed else strip


def _parent(parent: ParentView, grid: tuple[int, int], parents: ParentImages) -> Marked:
    pixels = parents.read(parent.image_path)
    evidence = {"own": np.array(parent.mask, bool).reshape(grid)} if parent.asked else {}
    return (None if isinstance(pixels, str) else pixels), evidence


def _with_words(strip: Strip, side: int) -> Strip:
    """Say on the second picture that nobody gives anything."""
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, side / 300
    (wide, high), _ = cv2.getTextSize(NO_DONOR, font, scale, 1)
    left = side + max(1, side // 40) + (side - wide) // 2
    cv2.putText(strip, NO_DONOR, (left, (side + high) // 2), font, scale, _WORDS, 1, cv2.LINE_AA)
    return strip


def refused_strip(view: RefusedView, side: int) -> Strip:
    """Return recipient and donor of a pair that was not written, with the rule drawn over them."""
    region = {} if view.region is None else {"paste": view.region}
    marked = (
        (view.recipient.pixels, region | _cells(view.recipient)),
        (view.donor.pixels, _cells(view.donor)),
    )
    return join_pictures(marked, side)


def join_pictures(pictures: Sequence[Marked], side: int) -> Strip:
    """Lay pictures side by side, each scaled to `side` pixels."""
    gap = np.full((side, max(1, side // 40), 3), _NOTHING, np.uint8)
    drawn = [_draw(pixels, cells, side) for pixels, cells in pictures]
    parts = [part for one in drawn for part in (one, gap)][:-1]
    return np.concatenate(parts, axis=1)


def _cells(parent: RefusedParentView) -> dict[str, npt.NDArray[np.bool_]]:
    named = {"own": parent.mask, "broken": parent.broken, "neighbour": parent.neighbour}
    return {name: cells for name, cells in named.items() if cells is not None}


def _draw(
    pixels: npt.NDArray[np.uint8] | None, cells: Mapping[str, npt.NDArray[np.bool_]], side: int
) -> Strip:
    grey = np.full((side, side), _NOTHING, np.uint8)
    if pixels is not None:
        grey = np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    drawn = np.repeat(grey[..., None], 3, axis=2)
    for name, mask in cells.items():
        larger = cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
        if name == "broken":
            inside = larger > 0
            drawn[inside] = (drawn[inside] * 0.6 + np.array(COLOURS[name]) * 0.4).astype(np.uint8)
        thin = max(1, side // 160)
        inner = cv2.erode(larger, np.ones((2 * thin + 1, 2 * thin + 1), np.uint8))
        drawn[(larger > 0) & (inner == 0)] = COLOURS[name]
    return drawn
