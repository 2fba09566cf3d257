"""What every rule for masks has in common: which cells may be taken, what is kept of them, when to refuse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

import numpy as np

from medcutmix_cli.attention.cells import (
    Mask,
    Scores,
    Strength,
    agrees_with_side,
    cells_with_score,
    erode,
    keep_hills,
    smooth,
)
from medcutmix_cli.records import MapTarget, Placement


def _underived() -> Strength:
    return np.empty((0, 0), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a picture that a sentence is about, or why there is none.

    Attributes:
        mask: (grid_h, grid_w) bool.
        rejected: "" or the name of the rule that refused it.
        strength: (grid_h, grid_w) float32 in [0, 1], at least 0.5 exactly where the mask is; by default the mask
            as 0 and 1.
        reach: (grid_h, grid_w) float32 in [0, 1], nowhere below the strength: what is exchanged with the evidence,
            since its edge may lie there, but counts as none; by default the strength.
    """

    mask: Mask
    rejected: str = ""
    strength: Strength = field(default_factory=_underived)
    reach: Strength = field(default_factory=_underived)

    def __post_init__(self) -> None:
        """Derive the strength of a hard mask, and the reach of one that ends where it ends."""
        if self.strength.size == 0:
            object.__setattr__(self, "strength", self.mask.astype(np.float32))
        if self.reach.size == 0:
            object.__setattr__(self, "reach", self.strength)


class MaskRule(Protocol):
    """A plugin of the group `medcutmix.masks`: a frozen dataclass whose fields are its settings.

    Attributes:
        graded: Whether its strengths lie between 0 and 1 as well, so that what it cuts has no edge of its own: what
            findings that are a size, and no thing, are mixed with.
    """

    graded: ClassVar[bool]

    def select(self, scores: Scores, target: MapTarget, placement: Placement) -> Region:
        """Choose the cells; NaN cells are never chosen.

        Args:
            scores: (grid_h, grid_w) float32 raw map.
            target: What the map was asked for.
            placement: Where the picture lies on the canvas that the grid covers.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRule(ABC):
    """Choose pieces of the grid: one, or one a side where bilateral.

    Every way of taking cells returns some on noise as well, so a region may be refused by name: "map-empty",
    "no-positive-evidence", "mask-too-small", "mask-too-large", "mask-wrong-side".

    Attributes:
        border: Rings of cells at the picture's edge that are never taken (markers, collimation).
        smoothing: Sigma of a Gaussian over the grid, in cells; 0 is none. Maps of BioViL are published with 1.5
            (arXiv 2204.09817).
        min_area, max_area: Allowed share of the picture's cells, after pieces are dropped.
    """

    graded: ClassVar[bool] = False

    border: int = 1
    smoothing: float = 0.0
    min_area: float = 0.03
    max_area: float = 0.40

    def __post_init__(self) -> None:
        """Refuse what no mask can come of."""
        if not (self.border >= 0 and self.smoothing >= 0):
            raise ValueError("border and smoothing must be at least 0")
        if not 0 <= self.min_area <= self.max_area <= 1:
            raise ValueError("0 <= min_area <= max_area <= 1 does not hold")
        self.check()

    @abstractmethod
    def check(self) -> None:
        """Refuse nonsense in the rule's own options."""

    @abstractmethod
    def pieces(self, scores: Scores, usable: Mask, target: MapTarget, placement: Placement) -> Region:
        """Choose among the usable cells; whether what is chosen may stand is decided by others."""

    def lacks_evidence(self, scores: Scores, usable: Mask) -> bool:
        """Say that no usable cell speaks for the sentence; only some readings of a map can tell."""
        return False

    def select(self, scores: Scores, target: MapTarget, placement: Placement) -> Region:
        """Choose the cells of one map; see the class."""
        inside = cells_with_score(scores, placement)
        if not inside.any():
            return Region(inside, "map-empty")
        usable = erode(inside, self.border)
        ranked = smooth(scores, inside, self.smoothing)
        if usable.any() and self.lacks_evidence(ranked, usable):
            return Region(np.zeros_like(inside), "no-positive-evidence")
        found = self.pieces(ranked, usable, target, placement)
        return replace(found, rejected=self._refusal(found.mask, inside, ranked, target, placement))

    def _refusal(
        self, mask: Mask, inside: Mask, scores: Scores, target: MapTarget, placement: Placement
    ) -> str:
        area = mask.sum() / inside.sum()
        if area == 0 or area < self.min_area:
            return "mask-too-small"
        if area > self.max_area:
            return "mask-too-large"
        return "" if agrees_with_side(mask, scores, target.side, placement) else "mask-wrong-side"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRule(GridRule):
    """Take cells by their scores, then keep the largest connected piece (one a side where bilateral)."""

    @abstractmethod
    def strengths(self, scores: Scores, usable: Mask) -> Strength:
        """Say how much of each cell is taken, (grid_h, grid_w) float32 in [0, 1]; 0 where not usable."""

    def pieces(self, scores: Scores, usable: Mask, target: MapTarget, placement: Placement) -> Region:
        """Take cells, whatever they are asked for, and keep the largest piece."""
        strength = keep_hills(self.strengths(scores, usable), target.side, placement)
        return Region(strength >= 0.5, strength=strength)
