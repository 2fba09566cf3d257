"""The blend `feather`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.attention import Strength
from medcutmix_cli.mixing.blend_rule import WeightGrid


@dataclass(frozen=True, slots=True)
class Feather:
    """A soft edge about one cell wide, around the mask: what was chosen comes, and leaves, whole.

    Attributes:
        sigma: Gaussian over the grid in cells, truncated at one cell so that far cells stay exactly 0.
    """

    sigma: float = 0.5

    @property
    def interpolation(self) -> str:
        """Say how the weight grid is brought to pixels."""
        return "bilinear"

    def soften(self, strength: Strength, rng: np.random.Generator | None = None) -> WeightGrid:
        """Return the blurred mask, nowhere below the mask itself: a blur alone fades what is a few cells large."""
        from scipy import ndimage

        blurred = ndimage.gaussian_filter(strength.astype(np.float32), self.sigma, mode="nearest", radius=1)
        return np.asarray(np.clip(np.maximum(blurred, strength), 0.0, 1.0), dtype=np.float16)
