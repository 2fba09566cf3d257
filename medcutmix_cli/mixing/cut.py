"""Draw a cut, then paste it: all choices fall into one small record, and pasting is a pure function of it.

`draw_cut` sees maps and pixels and decides; `paste` sees the record and two canvases and computes. A stored
record therefore replays a sample bit for bit, with no encoder.
"""

from __future__ import annotations

import numpy as np

from medcutmix_cli.mixing.drawing import Strategies, draw_attended
from medcutmix_cli.mixing.guards import Guards
from medcutmix_cli.mixing.intensity import GAIN_RANGE, match_intensity
from medcutmix_cli.mixing.modes import average, keep_picture, random_box
from medcutmix_cli.mixing.movement import movement_of, picture_box
from medcutmix_cli.mixing.pasting import PixelWeights, paste, pixel_weights, upsample
from medcutmix_cli.mixing.recipe import RefusedCut
from medcutmix_cli.mixing.views import View
from medcutmix_cli.mixing.weights import image_weights
from medcutmix_cli.records import IMAGE_MODES, Cut, ImageWeights

__all__ = [
    "GAIN_RANGE",
    "Cut",
    "Guards",
    "RefusedCut",
    "Strategies",
    "draw_cut",
    "match_intensity",
    "paste",
    "picture_box",
    "pixel_weights",
    "upsample",
    "weigh",
]


def draw_cut(
    recipient: View,
    donor: View,
    strategies: Strategies,
    mode: str = "attended",
    rng: np.random.Generator | None = None,
) -> Cut | RefusedCut:
    """Decide what is pasted where, or say by which rule the pair is refused.

    Args:
        recipient: Whose picture is changed.
        donor: Whose evidence comes.
        strategies: The run's named choices; "keep", "box" and "average" ask none of them.
        mode: One of `records.IMAGE_MODES`.
        rng: Of this pair; for what is drawn at random (the box, the blend alpha).

    Raises:
        ValueError: There is no such mode, or something is to be drawn from no generator.
    """
    if mode == "keep":
        return keep_picture(recipient)
    if mode == "average":
        return average(recipient, donor)
    if mode == "box":
        if rng is None:
            raise ValueError("the mode box draws a rectangle: give it the pair's generator")
        return random_box(recipient, donor, rng)
    if mode not in IMAGE_MODES:
        raise ValueError(f"the mode must be one of {', '.join(IMAGE_MODES)}, not {mode!r}")
    return draw_attended(
        recipient, donor, strategies.with_graded_mask() if mode == "soft" else strategies, rng
    )


def weigh(
    cut: Cut, recipient: View, donor: View, energy: str = "softmax", weights: PixelWeights | None = None
) -> ImageWeights:
    """Compute the image-side weights of a cut, the maps being read as `energy`; `weights` as in `paste`."""
    weights = pixel_weights(cut, recipient.placement, donor.placement) if weights is None else weights
    area = float(weights[picture_box(recipient.placement)].mean(dtype=np.float64))
    movement = movement_of(cut, donor.placement.canvas)
    return image_weights(area, cut.weights, recipient.scores, donor.scores, energy, movement)
