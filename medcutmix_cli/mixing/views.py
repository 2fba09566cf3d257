"""The two parents as a mix sees them: pixels, maps, and what must stay. Knows no report and no file."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Mask, Scores
from medcutmix_cli.mixing.picture_facts import PictureFacts, picture_facts
from medcutmix_cli.records import Guarantee, MapTarget, Placement, Side

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
        neighbours: What else is present and stays with this parent, where a map of it was asked for.
        beside: Lexicon ids of all that is, asked for or not.
        guarantee: What the gate promises of the finding; None where it promises nothing, or was not asked.
        facts: What is found out about its picture once; None: whenever it is asked for.
        spared: (grid_h, grid_w) cells of the recipient that are left out for neighbours of either parent, where it is
            known which, and no map of theirs is; None: `neighbours` say.
    """

    pixels: Pixels
    placement: Placement
    scores: Scores
    target: MapTarget
    ground_p: float = nan
    grounded: bool = True
    asked: bool = True
    neighbours: tuple[NeighbourView, ...] = ()
    beside: frozenset[str] = frozenset()
    guarantee: Guarantee | None = None
    facts: PictureFacts | None = field(default=None, compare=False)
    spared: Mask | None = None

    def look(self) -> PictureFacts:
        """Return what is found out about the picture."""
        return self.facts or picture_facts(self.pixels, self.placement)


@dataclass(frozen=True, slots=True)
class Pasteable:
    """One parent when only pixels are needed: replaying a stored cut."""

    pixels: Pixels
    placement: Placement
