"""How a mask becomes pixel weights. Knows no map: a mask may be hard or soft.

Masks are softened on the grid, then brought to pixels by one stated interpolation: 100 times cheaper than a
Gaussian over the picture, and the recipe of a row stays small.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

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

    def soften(self, strength: Strength, rng: np.random.Generator | None = None) -> WeightGrid:
        """Return donor weights in [0, 1], (grid_h, grid_w) float16 (as stored: the recipe is exact).

        Args:
            strength: (grid_h, grid_w) in [0, 1]; 0 and 1 where the mask is hard.
            rng: Of this pair, for blends that draw.
        """
