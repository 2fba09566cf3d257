"""Fit the donor's grey levels to the recipient's, where the two will meet: once for all of it, then place by place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Mask
from medcutmix_cli.mixing.grey_levels import level_quantiles
from medcutmix_cli.mixing.movement import IN_ITS_PLACE, Box, Movement, in_picture
from medcutmix_cli.mixing.pasting import box_of, upsample
from medcutmix_cli.mixing.views import Pixels, View

GAIN_RANGE = (0.7, 1.4)
"""Bounds of the donor's gain: beyond them the two exposures differ too much for one picture."""

GREATEST_TONE = 40.0
"""Grey levels by which a place may be made lighter or darker: beyond them two tissues meet, not two exposures."""

_EIGHT = np.ones((3, 3))
_NEAR = 0.3  # cells; a place counts by 1 / (distance^2 + this), so that the nearest edge decides; 1.0 leaves 8 % more


@dataclass(frozen=True, slots=True, eq=False)
class IntensityMatch:
    """How the donor's grey levels are changed: `gain * x + offset + tone`.

    Attributes:
        gain, offset: float32-exact; mean and spread of the ring agree, the gain clipped to `GAIN_RANGE`.
        tone: (grid_h, grid_w) float16, grey levels that are added at each place; 0 everywhere where only gain and
            offset are matched.
    """

    gain: float
    offset: float
    tone: npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class _Meeting:
    """Both pictures around the region, and which pixels count; all arrays of one box of the canvas."""

    own: Pixels
    given: Pixels
    around: npt.NDArray[np.bool_]
    within: npt.NDArray[np.bool_]
    box: Box
    canvas: int


def match_intensity(
    recipient: View, donor: View, mask: Mask, movement: Movement = IN_ITS_PLACE, *, local: bool = False
) -> IntensityMatch:
    """Fit the donor to the recipient in the ring of cells around the mask, where both have picture.

    The ring's anatomy may differ as well as its exposure, so the gain is lowered where the donor's region would
    be crushed to black or white; the means still meet.

    Args:
        recipient: Whose picture is changed.
        donor: Whose region comes.
        mask: (grid_h, grid_w) the region, in the recipient's frame.
        movement: How the donor is brought there.
        local: Whether the means of each part of the ring are made to meet as well. What they differ by is spread
            into the region by distance: the smooth field that gradient-domain blending adds (Perez et al., Poisson
            image editing, SIGGRAPH 2003), on the grid.
    """
    from scipy import ndimage

    ring = ndimage.binary_dilation(mask, _EIGHT) & ~mask
    met = _meeting(recipient, donor, mask, ring, movement)
    if not met.around.any():
        return IntensityMatch(1.0, 0.0, np.zeros(mask.shape, np.float16))
    mean_a, spread_a = _moments(met.own[met.around])
    mean_b, spread_b = _moments(met.given[met.around])
    wanted = min(spread_a / max(spread_b, 1.0), _uncrushed(met.given[met.within], mean_a, mean_b))
    gain = np.float32(np.clip(wanted, *GAIN_RANGE))
    offset = np.float32(mean_a - float(gain) * mean_b)
    tone = _tone(met, mask, ring, float(gain), float(offset)) if local else np.zeros(mask.shape, np.float16)
    return IntensityMatch(float(gain), float(offset), tone)


def _meeting(recipient: View, donor: View, mask: Mask, ring: Mask, movement: Movement) -> _Meeting:
    side = recipient.pixels.shape[0]
    around, within = (upsample(cells.astype(np.float32), side, "nearest") > 0.5 for cells in (ring, mask))
    box = box_of(around | within)
    both = in_picture(recipient.placement)[box] & movement.inside(donor.placement, box)
    around, within = both & around[box], both & within[box]
    return _Meeting(
        recipient.pixels[box], movement.sample_pixels(donor.pixels, box), around, within, box, side
    )


def _tone(met: _Meeting, mask: Mask, ring: Mask, gain: float, offset: float) -> npt.NDArray[np.float16]:
    """Return what the ring's cells differ by, spread over the region by distance."""
    differs = met.own.astype(np.float32) - (met.given.astype(np.float32) * gain + offset)
    cells, known = _cell_means(differs, met, mask.shape)
    places = np.argwhere(ring & known).astype(np.float64)
    if len(places) == 0:
        return np.zeros(mask.shape, np.float16)
    steps = cells[ring & known]
    wanted = np.argwhere(mask | ring).astype(np.float64)
    near = 1.0 / (((wanted[:, None] - places[None]) ** 2).sum(axis=2) + _NEAR)
    tone = np.zeros(mask.shape, np.float64)
    tone[mask | ring] = (near * steps).sum(axis=1) / near.sum(axis=1)
    return np.clip(tone, -GREATEST_TONE, GREATEST_TONE).astype(np.float16)


def _cell_means(
    values: npt.NDArray[np.float32], met: _Meeting, grid: tuple[int, ...]
) -> tuple[npt.NDArray[np.float64], Mask]:
    """Average the ring's pixels over the cells of the grid, and say which cells have any."""
    rows, columns = (
        np.arange(part.start, part.stop) * cells // met.canvas
        for part, cells in zip(met.box, grid, strict=True)
    )
    cell = (rows[:, None] * grid[1] + columns)[met.around]
    count = np.bincount(cell, minlength=grid[0] * grid[1]).reshape(grid)
    total = np.bincount(cell, values[met.around].astype(np.float64), grid[0] * grid[1]).reshape(grid)
    return total / np.maximum(count, 1), np.asarray(count > 0, dtype=np.bool_)


def _uncrushed(values: Pixels, mean_a: float, mean_b: float) -> float:
    """Return the greatest gain that keeps all but a hundredth at either end between black and white."""
    if values.size == 0:
        return np.inf
    low, high = level_quantiles(values, (0.01, 0.99))
    dark = mean_a / (mean_b - low) if low < mean_b else np.inf
    light = (255.0 - mean_a) / (high - mean_b) if high > mean_b else np.inf
    return min(dark, light)


def _moments(values: Pixels) -> tuple[float, float]:
    return float(values.mean()), float(values.std())
