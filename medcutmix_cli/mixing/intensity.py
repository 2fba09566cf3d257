"""Fit the donor's grey levels to the recipient's, where the two will meet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from medcutmix_cli.attention import Mask
from medcutmix_cli.mixing.guards import shared_cells
from medcutmix_cli.mixing.pasting import in_picture, upsample
from medcutmix_cli.mixing.shifts import IN_PLACE, Shift, moved, moved_placement
from medcutmix_cli.mixing.views import Pixels, View

GAIN_RANGE = (0.7, 1.4)
"""Bounds of the donor's gain: beyond them the two exposures differ too much for one picture."""


def match_intensity(recipient: View, donor: View, mask: Mask, shift: Shift = IN_PLACE) -> tuple[float, float]:
    """Fit the donor to the recipient in the ring of cells around the mask, where both have picture.

    Returns:
        (gain, offset), float32-exact: mean and spread of the ring agree, the gain clipped to `GAIN_RANGE`.
    """
    chosen = _ring_pixels(recipient, donor, mask, shift)
    if not chosen.any():
        return 1.0, 0.0
    down, right = shift.pixels(donor.placement.canvas, mask.shape)
    mean_a, spread_a = _moments(recipient.pixels, chosen)
    mean_b, spread_b = _moments(moved(donor.pixels, down, right), chosen)
    gain = np.float32(np.clip(spread_a / max(spread_b, 1.0), *GAIN_RANGE))
    return float(gain), float(np.float32(mean_a - float(gain) * mean_b))


def _ring_pixels(recipient: View, donor: View, mask: Mask, shift: Shift) -> npt.NDArray[np.bool_]:
    ring = ndimage.binary_dilation(mask, np.ones((3, 3))) & ~mask
    ring &= shared_cells(recipient.placement, donor.placement, mask.shape, shift)
    chosen = upsample(ring.astype(np.float32), recipient.pixels.shape[0], "nearest") > 0.5
    placed = moved_placement(donor.placement, *shift.pixels(donor.placement.canvas, mask.shape))
    return chosen & in_picture(recipient.placement) & in_picture(placed)


def _moments(pixels: Pixels, chosen: npt.NDArray[np.bool_]) -> tuple[float, float]:
    values = pixels[chosen]
    return float(values.mean()), float(values.std())
