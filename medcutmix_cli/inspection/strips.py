"""The pictures of a pair side by side, with outlines, as one array: what a terminal and a contact sheet show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.images import decode_picture
from medcutmix_cli.inspection.pair_record import PairView
from medcutmix_cli.inspection.parent_images import ParentImages
from medcutmix_cli.inspection.refused_view import RefusedParentView, RefusedView

Strip = npt.NDArray[np.uint8]
"""(side, n * side + (n - 1) * gap, 3) RGB."""

Marked = tuple[npt.NDArray[np.uint8] | None, Mapping[str, npt.NDArray[np.bool_]]]
"""A (canvas, canvas) picture, None where there is none, and grids of cells by the name of their colour."""

COLOURS = {
    "own": (255, 212, 59),
    "paste": (56, 189, 248),
    "neighbour": (232, 121, 249),
    "broken": (255, 77, 94),
}
"""As on the page."""

_NOTHING = 48  # grey where a picture cannot be read


def pair_strip(view: PairView, parents: ParentImages, side: int, *, outlines: bool = True) -> Strip:
    """Return recipient, donor and mix of a written pair, which was read with its picture."""
    pasted = np.array(view.mask, bool).reshape(view.grid)
    mixed = None if view.picture is None else decode_picture(view.picture)
    marked: list[Marked] = []
    for parent in (view.recipient, view.donor):
        pixels = parents.read(parent.image_path)
        evidence = {"own": np.array(parent.mask, bool).reshape(view.grid)} if parent.asked else {}
        marked.append((None if isinstance(pixels, str) else pixels, evidence))
    marked.append((mixed, {"paste": pasted}))
    return join_pictures([(pixels, cells if outlines else {}) for pixels, cells in marked], side)


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
    named = {"own": parent.mask, "neighbour": parent.neighbour, "broken": parent.broken}
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
