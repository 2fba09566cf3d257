"""The two parents as a mix sees them: pixels, maps, and what must stay. Knows no report and no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import nan

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Scores
from medcutmix_cli.records import Guarantee, MapTarget, Placement, Side
from medcutmix_cli.registration.pictures import RegisteredPicture, register_picture

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class NeighbourView:
    """Where something lies that a paste must neither cover nor bring along.

    Attributes:
        finding: Lexicon id; "support_devices" for tubes, lines and wires.
        scores: (grid_h, grid_w) float32 raw map of the sentence that asserts it.
    """

    finding: str
    scores: Scores
    side: Side


@dataclass(frozen=True, slots=True)
class View:
    """One parent as the mix sees it.

    Attributes:
        pixels: (canvas, canvas) uint8, bright = radio-opaque.
        scores: (grid_h, grid_w) float32 raw map of its sentence, NaN outside the field of view; all NaN where no
            sentence was asked.
        target: What its map was asked for.
        ground_p: How seldom a picture without the finding has evidence as strong; NaN where it was not asked.
        grounded: What the evidence gate said.
        asked: Whether a sentence of this parent leaves or comes, so that its map counts.
        neighbours: What else is present and stays with this parent.
        register: Gives what registration makes of the picture; asked only by alignments that want it.
        guarantee: What the gate promises of the finding; None where it promises nothing, or was not asked.
    """

    pixels: Pixels
    placement: Placement
    scores: Scores
    target: MapTarget
    ground_p: float = nan
    grounded: bool = True
    asked: bool = True
    neighbours: tuple[NeighbourView, ...] = ()
    guarantee: Guarantee | None = None
    register: Callable[[], RegisteredPicture] | None = field(default=None, compare=False)

    def registration(self) -> RegisteredPicture:
        """Return the picture as it is registered; computed here where nobody has done it before."""
        return self.register() if self.register else register_picture(self.pixels, self.placement)


@dataclass(frozen=True, slots=True)
class Pasteable:
    """One parent when only pixels are needed: replaying a stored cut."""

    pixels: Pixels
    placement: Placement
