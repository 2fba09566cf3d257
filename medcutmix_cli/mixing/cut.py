"""Draw a cut, then paste it: all choices fall into one small record, and pasting is a pure function of it.

`draw_cut` sees maps and pixels and decides; `paste` sees the record and two canvases and computes. A stored
record therefore replays a sample bit for bit, with no encoder.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from medcutmix_cli.attention import Mask, MaskRule, cells_inside
from medcutmix_cli.mixing.blends import BlendRule, WeightGrid
from medcutmix_cli.mixing.regions import RegionRule
from medcutmix_cli.mixing.views import Pasteable, Pixels, View
from medcutmix_cli.mixing.weights import ImageWeights, image_weights
from medcutmix_cli.records import Placement

GAIN_RANGE = (0.7, 1.4)
"""Bounds of the donor's gain: beyond them the two exposures differ too much for one picture."""


@dataclass(frozen=True, slots=True)
class Strategies:
    """The named choices of one run, built once.

    Attributes:
        energy: How the weights read a map (see `attention.energies`).
    """

    mask: MaskRule
    region: RegionRule
    blend: BlendRule
    energy: str = "softmax"


@dataclass(frozen=True, slots=True)
class Cut:
    """Everything that was decided about one mix of pixels.

    Attributes:
        mask_a: (grid_h, grid_w) bool, the recipient's evidence (likewise mask_b, the donor's).
        mask: The region that is pasted; where masks are soft, its core.
        weights: (grid_h, grid_w) float16 donor weights in [0, 1].
        interpolation: How `weights` is brought to pixels: "bilinear" or "nearest".
        gain, offset: float32-exact intensity match of the donor: `gain * x + offset`, grey levels.
        shift_y, shift_x: Canvas pixels that the donor is moved down and to the right before it is pasted.
    """

    mask_a: Mask
    mask_b: Mask
    mask: Mask
    weights: WeightGrid
    interpolation: str
    gain: float
    offset: float
    shift_y: int = 0
    shift_x: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """The pair cannot be mixed; `reason` is counted."""

    reason: str


def draw_cut(
    recipient: View,
    donor: View,
    strategies: Strategies,
    mode: str = "attended",
    rng: np.random.Generator | None = None,
) -> Cut | Refused:
    """Decide region, weights and intensity of one mix, or say by which rule it is refused.

    The evidence gate has its say first: on noise a mask would be found as well.

    Args:
        recipient: Whose picture is changed.
        donor: Whose evidence comes.
        strategies: The run's named choices.
        mode: One of `records.IMAGE_MODES`.
        rng: Of this pair; for what is drawn at random.
    """
    for name, view in (("recipient", recipient), ("donor", donor)):
        if not view.grounded:
            return Refused(f"{name}-weak-evidence")
    region_a = strategies.mask.select(recipient.scores, recipient.side, recipient.placement)
    region_b = strategies.mask.select(donor.scores, donor.side, donor.placement)
    for name, region in (("recipient", region_a), ("donor", region_b)):
        if region.rejected:
            return Refused(f"{name}-{region.rejected}")
    joined = strategies.region.join(region_a.strength, region_b.strength)
    strength = np.where(_shared_cells(recipient, donor), joined, 0).astype(np.float32)
    mask = strength >= 0.5
    if not mask.any():
        return Refused("no-shared-field-of-view")
    gain, offset = match_intensity(recipient, donor, mask)
    weights = strategies.blend.soften(strength)
    return Cut(region_a.mask, region_b.mask, mask, weights, strategies.blend.interpolation, gain, offset)


def _shared_cells(recipient: View, donor: View) -> Mask:
    grid = recipient.scores.shape
    return cells_inside(recipient.placement, grid) & cells_inside(donor.placement, grid)


def match_intensity(recipient: View, donor: View, mask: Mask) -> tuple[float, float]:
    """Fit the donor to the recipient in the ring of cells around the mask.

    Returns:
        (gain, offset), float32-exact: mean and spread of the ring agree, the gain clipped to `GAIN_RANGE`.
    """
    ring = ndimage.binary_dilation(mask, np.ones((3, 3))) & ~mask & _shared_cells(recipient, donor)
    if not ring.any():
        return 1.0, 0.0
    mean_a, spread_a = _moments(recipient.pixels, ring)
    mean_b, spread_b = _moments(donor.pixels, ring)
    gain = np.float32(np.clip(spread_a / max(spread_b, 1.0), *GAIN_RANGE))
    return float(gain), float(np.float32(mean_a - float(gain) * mean_b))


def _moments(pixels: Pixels, ring: Mask) -> tuple[float, float]:
    chosen = upsample(ring.astype(np.float32), pixels.shape[0], "nearest") > 0.5
    values = pixels[chosen]
    return float(values.mean()), float(values.std())


def upsample(grid: npt.NDArray[np.float32], side: int, interpolation: str) -> npt.NDArray[np.float32]:
    """Bring a (grid_h, grid_w) grid to (side, side) float32; cell centres keep their place."""
    method = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST_EXACT}[interpolation]
    return np.asarray(cv2.resize(grid, (side, side), interpolation=method), dtype=np.float32)


def picture_box(placement: Placement) -> tuple[slice, slice]:
    """Return (rows, columns) of the canvas that hold picture."""
    rows = slice(placement.top, placement.top + placement.height)
    return rows, slice(placement.left, placement.left + placement.width)


def pixel_weights(cut: Cut, recipient: Placement, donor: Placement) -> npt.NDArray[np.float32]:
    """Return the donor's share of every pixel, (canvas, canvas) float32; 0 where a parent has no picture."""
    weights = upsample(cut.weights.astype(np.float32), recipient.canvas, cut.interpolation)
    shared = np.zeros_like(weights, dtype=np.bool_)
    shared[picture_box(recipient)] = True
    inside_donor = np.zeros_like(shared)
    inside_donor[picture_box(donor)] = True
    weights[~(shared & inside_donor)] = 0.0
    return weights


def paste(cut: Cut, recipient: View | Pasteable, donor: View | Pasteable) -> Pixels:
    """Mix two canvases: `x = (1 - W) * x_A + W * (gain * x_B + offset)`, rounded half to even.

    Returns:
        (canvas, canvas) uint8; where W is 0 the pixels are the recipient's own.
    """
    weights = pixel_weights(cut, recipient.placement, donor.placement)
    given = donor.pixels.astype(np.float32) * np.float32(cut.gain) + np.float32(cut.offset)
    np.clip(given, 0.0, 255.0, out=given)
    own = recipient.pixels.astype(np.float32)
    return np.asarray(np.rint(own + weights * (given - own)), dtype=np.uint8)


def weigh(cut: Cut, recipient: View, donor: View, energy: str = "softmax") -> ImageWeights:
    """Compute the image-side weights of a cut, the maps being read as `energy`."""
    weights = pixel_weights(cut, recipient.placement, donor.placement)
    area = float(weights[picture_box(recipient.placement)].mean(dtype=np.float64))
    return image_weights(area, cut.weights, recipient.scores, donor.scores, energy)
