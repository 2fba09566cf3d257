"""How a mask becomes pixel weights. Knows no map: a mask may be hard or soft.

Masks are softened on the grid, then brought to pixels by one stated interpolation: 100 times cheaper than a
Gaussian over the picture, and the recipe of a row stays small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from medcutmix_cli.attention import Strength

WeightGrid = npt.NDArray[np.float16]


class BlendRule(Protocol):
    """A plugin of the group `medcutmix.blends`.

    Attributes:
        interpolation: "bilinear" or "nearest": how the weight grid is brought to pixels.
    """

    @property
    def interpolation(self) -> str:
        """Say how the weight grid is brought to pixels."""

    def soften(self, strength: Strength) -> WeightGrid:
        """Return donor weights in [0, 1], (grid_h, grid_w) float16 (as stored: the recipe is exact).

        Args:
            strength: (grid_h, grid_w) in [0, 1]; 0 and 1 where the mask is hard.
        """


@dataclass(frozen=True, slots=True)
class Feather:
    """A soft edge about one cell wide.

    Attributes:
        sigma: Gaussian over the grid in cells, truncated at one cell so that far cells stay exactly 0.
    """

    sigma: float = 0.5

    @property
    def interpolation(self) -> str:
        """Say how the weight grid is brought to pixels."""
        return "bilinear"

    def soften(self, strength: Strength) -> WeightGrid:
        """Return the blurred mask; cells of the mask itself are never below the blur of a straight edge."""
        blurred = ndimage.gaussian_filter(strength.astype(np.float32), self.sigma, mode="nearest", radius=1)
        return np.asarray(np.clip(blurred, 0.0, 1.0), dtype=np.float16)


@dataclass(frozen=True, slots=True)
class Hard:
    """Cells are the donor's or the recipient's, nothing between.

    With a grid equal to a ViT's patch grid this is manifold mix at its patch embedding, exactly.
    """

    @property
    def interpolation(self) -> str:
        """Say how the weight grid is brought to pixels."""
        return "nearest"

    def soften(self, strength: Strength) -> WeightGrid:
        """Return 1 where the mask is, 0 elsewhere; a soft mask counts from 0.5 on."""
        return (strength >= 0.5).astype(np.float16)
