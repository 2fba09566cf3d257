"""The ways of mixing that look at no map: nothing at all, a random box, everything alike."""

from __future__ import annotations

import numpy as np

from medcutmix_cli.attention import Mask
from medcutmix_cli.mixing.guards import shared_cells
from medcutmix_cli.mixing.movement import IN_ITS_PLACE, in_picture
from medcutmix_cli.mixing.recipe import RefusedCut
from medcutmix_cli.mixing.views import View
from medcutmix_cli.records import Cut

BOX_AREA = (0.1, 0.5)
"""Least and largest share of the shared picture that a random box covers."""


def keep_picture(recipient: View) -> Cut:
    """Change no pixel: only the report is mixed, or nothing."""
    return _plain(np.zeros(recipient.scores.shape, dtype=np.float16))


def random_box(recipient: View, donor: View, rng: np.random.Generator) -> Cut | RefusedCut:
    """Paste one rectangle of cells, hard and unmatched, as CutMix does (arXiv 1905.04899, section 3.1).

    Its share of the cells of both pictures is 1 - Beta(1, 1), kept within `BOX_AREA`; its sides keep their
    proportion. Unlike there it always lies inside, so that its area is what was drawn, up to whole cells.
    """
    shared = shared_cells(recipient.placement, donor.placement, recipient.scores.shape, IN_ITS_PLACE)
    if not shared.any():
        return RefusedCut("no-shared-field-of-view")
    share = float(np.clip(1 - rng.beta(1, 1), *BOX_AREA))
    weights = np.zeros(shared.shape, dtype=np.float16)
    weights[_span(shared.any(axis=1), share, rng), _span(shared.any(axis=0), share, rng)] = 1
    return _plain(weights)


def _span(held: Mask, share: float, rng: np.random.Generator) -> slice:
    """Draw one side of the box among the cells that hold picture; these are a run."""
    first, count = int(np.argmax(held)), int(held.sum())
    length = max(1, round(count * share**0.5))
    start = first + int(rng.integers(count - length + 1))
    return slice(start, start + length)


def average(recipient: View, donor: View) -> Cut | RefusedCut:
    """Mix every pixel that both have, half and half (MixGen, arXiv 2206.08358)."""
    both = in_picture(recipient.placement) & in_picture(donor.placement)
    if not both.any():
        return RefusedCut("no-shared-field-of-view")
    rows, columns = ((np.arange(n) * both.shape[0] // n) for n in recipient.scores.shape)
    touched = np.logical_or.reduceat(np.logical_or.reduceat(both, rows, axis=0), columns, axis=1)
    return _plain(np.where(touched, 0.5, 0).astype(np.float16))


def _plain(weights: np.ndarray[tuple[int, ...], np.dtype[np.float16]]) -> Cut:
    """Return a cut of cells as they are: no evidence, no soft edge, grey levels untouched."""
    nothing = np.zeros(weights.shape, dtype=np.bool_)
    return Cut(nothing, nothing.copy(), weights >= 0.5, weights, "nearest", 1.0, 0.0)
