"""The blend `hard`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.attention import Strength
from medcutmix_cli.mixing.blend_rule import WeightGrid


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
