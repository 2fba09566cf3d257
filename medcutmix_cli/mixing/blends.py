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

    def soften(self, strength: Strength, rng: np.random.Generator | None = None) -> WeightGrid:
        """Return donor weights in [0, 1], (grid_h, grid_w) float16 (as stored: the recipe is exact).

        Args:
            strength: (grid_h, grid_w) in [0, 1]; 0 and 1 where the mask is hard.
            rng: Of this pair, for blends that draw.
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

    def soften(self, strength: Strength, rng: np.random.Generator | None = None) -> WeightGrid:
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

    def soften(self, strength: Strength, rng: np.random.Generator | None = None) -> WeightGrid:
        """Return 1 where the mask is, 0 elsewhere; a soft mask counts from 0.5 on."""
        return (strength >= 0.5).astype(np.float16)


@dataclass(frozen=True, slots=True)
class Alpha:
    """Inside the region, a mixture: the donor's share is drawn once a pair, as in mixup (arXiv 1710.09412).

    Both diseases then show through each other; say so with a weight, or the labels say too much.

    Attributes:
        a: The share is drawn from Beta(a, a).
    """

    a: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no Beta distribution."""
        if not (np.isfinite(self.a) and self.a > 0):
            raise ValueError("a must be above 0")

    @property
    def interpolation(self) -> str:
        """Say how the weight grid is brought to pixels."""
        return "bilinear"

    def soften(self, strength: Strength, rng: np.random.Generator | None = None) -> WeightGrid:
        """Return the strength times the share.

        Raises:
            ValueError: Nothing to draw from.
        """
        if rng is None:
            raise ValueError("the blend alpha draws a share: give it the pair's generator")
        return np.asarray(strength * rng.beta(self.a, self.a), dtype=np.float16)
