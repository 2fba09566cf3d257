"""One written pair on the recipient's canvas: what was pasted, and the donor brought there as its pixels were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.mixing.cut import pixel_weights, upsample
from medcutmix_cli.mixing.movement import movement_of
from medcutmix_cli.records import Cut, Placement
from medcutmix_cli.rendering.rows import row_cut, row_placement
from medcutmix_cli.run.shards import Row

Mask = npt.NDArray[np.bool_]

PASTED = 0.5
"""Donor's weight from which a pixel counts as pasted."""


def bring(array: Mask, cut: Cut) -> Mask:
    """Bring a (canvas, canvas) mask of the donor to the recipient's canvas, as `paste` brings the donor's pixels."""
    return movement_of(cut, array.shape[0]).move_labels(array)


@dataclass(frozen=True, slots=True)
class PastedPair:
    """Where the pictures of a row lie and what was pasted.

    Attributes:
        cut: As it was drawn.
        recipient: Where the recipient lies on the canvas (likewise donor, on its own canvas).
        region: (canvas, canvas) bool, what the donor's weight makes its own, in the recipient's frame.
    """

    cut: Cut
    recipient: Placement
    donor: Placement
    region: Mask = field(repr=False)

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read a pair back from its row."""
        cut, own, given = row_cut(row), row_placement(row, "a"), row_placement(row, "b")
        return cls(cut, own, given, pixel_weights(cut, own, given) >= PASTED)

    def evidence(self, letter: str) -> Mask:
        """Return the evidence of a parent ("a" or "b") in its own frame, (canvas, canvas) bool."""
        grid = self.cut.mask_a if letter == "a" else self.cut.mask_b
        return np.asarray(upsample(grid.astype(np.float32), self.recipient.canvas, "nearest") >= PASTED)


def to_canvas_mask(mask: Mask, placement: Placement) -> Mask:
    """Bring a mask of the original picture, of its shape or of any other size, to the canvas, by area."""
    whole = np.zeros((placement.canvas, placement.canvas), np.bool_)
    size = (placement.width, placement.height)
    small = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) >= 128
    rows = slice(placement.top, placement.top + placement.height)
    whole[rows, placement.left : placement.left + placement.width] = small
    return whole
