"""What is said where a pair cannot be mixed; what is decided of one that can is `records.Cut`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from medcutmix_cli.mixing.movement import IN_ITS_PLACE, Movement


@dataclass(frozen=True, slots=True, eq=False)
class RefusedRegions:
    """What had been decided of a pair when a rule refused it: enough to draw the rule.

    Attributes:
        mask_a: (grid_h, grid_w) bool, the recipient's evidence (likewise mask_b, the donor's, in its own frame).
        joined: What was to be pasted, before anything was taken out of it, in the recipient's frame; None where a rule
            came before.
        mask: What is left of it (likewise).
        movement: How the donor was brought there.
        quality: How well the two thoraxes agree, in [-1, 1]; None where it was not asked.
    """

    mask_a: npt.NDArray[np.bool_]
    mask_b: npt.NDArray[np.bool_]
    joined: npt.NDArray[np.bool_] | None = None
    mask: npt.NDArray[np.bool_] | None = None
    movement: Movement = IN_ITS_PLACE
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class RefusedCut:
    """The pair cannot be mixed; `reason` is counted.

    Attributes:
        regions: What had been decided, None where nothing had.
    """

    reason: str
    regions: RefusedRegions | None = field(default=None, repr=False, compare=False)
