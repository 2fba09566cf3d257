"""What was decided about one mix of pixels: enough to paste it again, with no encoder."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.attention import Mask
from medcutmix_cli.mixing.blends import WeightGrid


@dataclass(frozen=True, slots=True)
class Cut:
    """Everything that was decided about one mix of pixels.

    Attributes:
        mask_a: (grid_h, grid_w) bool, the recipient's evidence (likewise mask_b, the donor's, before any shift).
        mask: The region that is pasted, in the recipient's frame; where masks are soft, its core.
        weights: (grid_h, grid_w) float16 donor weights in [0, 1], in the recipient's frame.
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
class RefusedCut:
    """The pair cannot be mixed; `reason` is counted."""

    reason: str
