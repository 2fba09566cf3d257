"""Where a pasted region was taken from, drawn in the donor's own picture: back by its shift and its alignment."""

from __future__ import annotations

import numpy as np

from medcutmix_cli.gallery.pictures import outline_edges
from medcutmix_cli.inspection.pair_record import PairView
from medcutmix_cli.registration.warps import donor_places


def donor_region_path(view: PairView) -> str:
    """Return the border of the pasted region in the donor's frame as an SVG path, in cells."""
    edges = outline_edges(np.array(view.mask, bool).reshape(view.grid))
    if not edges:
        return ""
    corners = [((x, y), (x + 1, y) if across else (x, y + 1)) for x, y, across in edges]
    rows, columns = view.grid
    cells = np.array([columns, rows], np.float32)
    shift = np.array([view.movement.shift.columns, view.movement.shift.rows], np.float32)
    places = (np.array(corners, np.float32) - shift) / cells
    taken = (places if view.warp is None else donor_places(view.warp, places)) * cells
    return "".join(f"M{a[0]:g} {a[1]:g}L{b[0]:g} {b[1]:g}" for a, b in np.round(taken, 2))
