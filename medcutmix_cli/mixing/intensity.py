"""Fit the donor's grey levels to the recipient's, where the two will meet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from medcutmix_cli.attention import Mask
from medcutmix_cli.mixing.pasting import in_picture, upsample
from medcutmix_cli.mixing.shifts import IN_PLACE, Shift, shift_array, shift_placement
from medcutmix_cli.mixing.views import Pixels, View

GAIN_RANGE = (0.7, 1.4)
"""Bounds of the donor's gain: beyond them the two exposures differ too much for one picture."""


def match_intensity(recipient: View, donor: View, mask: Mask, shift: Shift = IN_PLACE) -> tuple[float, float]:
    """Fit the donor to the recipient in the ring of cells around the mask, where both have picture.

    The ring's anatomy may differ as well as its exposure, so the gain is lowered where the donor's region would
    be crushed to black or white; the means still meet.

    Returns:
        (gain, offset), float32-exact: mean and spread of the ring agree, the gain clipped to `GAIN_RANGE`.
    """
    ring = ndimage.binary_dilation(mask, np.ones((3, 3))) & ~mask
    both = _both_pictures(recipient, donor, mask.shape, shift)
    around, within = _pixels_of(ring, both), _pixels_of(mask, both)
    if not around.any():
        return 1.0, 0.0
    given = shift_array(donor.pixels, *shift.pixels(donor.placement.canvas, mask.shape))
    mean_a, spread_a = _moments(recipient.pixels[around])
    mean_b, spread_b = _moments(given[around])
    wanted = min(spread_a / max(spread_b, 1.0), _uncrushed(given[within], mean_a, mean_b))
    gain = np.float32(np.clip(wanted, *GAIN_RANGE))
    return float(gain), float(np.float32(mean_a - float(gain) * mean_b))


def _uncrushed(values: Pixels, mean_a: float, mean_b: float) -> float:
    """Return the greatest gain that keeps all but a hundredth at either end between black and white."""
    if values.size == 0:
        return np.inf
    low, high = (float(value) for value in np.quantile(values, (0.01, 0.99)))
    dark = mean_a / (mean_b - low) if low < mean_b else np.inf
    light = (255.0 - mean_a) / (high - mean_b) if high > mean_b else np.inf
    return min(dark, light)


def _both_pictures(
    recipient: View, donor: View, grid: tuple[int, ...], shift: Shift
) -> npt.NDArray[np.bool_]:
    placed = shift_placement(donor.placement, *shift.pixels(donor.placement.canvas, grid))
    return in_picture(recipient.placement) & in_picture(placed)


def _pixels_of(cells: Mask, both: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return both & (upsample(cells.astype(np.float32), both.shape[0], "nearest") > 0.5)


def _moments(values: Pixels) -> tuple[float, float]:
    return float(values.mean()), float(values.std())
