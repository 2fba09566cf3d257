"""The blend `alpha`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.attention import Strength
from medcutmix_cli.mixing.blend_rule import WeightGrid


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
