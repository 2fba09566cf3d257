"""Where things lie on the canvas: an original picture, and a donor's thorax that is brought onto the recipient's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for the annotations of arrays alone: nothing here computes
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an original picture lies on the square canvas; geometry both ways.

    Canvas pixel (x, y), x right and y down, centre convention:
    x_canvas = (x_original + 0.5) * scale_x - 0.5 + left, likewise y with top.

    Attributes:
        source_height: Rows of the original picture, pixels (likewise source_width).
        canvas: Side of the canvas, pixels.
        top: First canvas row that holds picture (likewise left); the rest is padding.
        height: Canvas rows that hold picture (likewise width).
    """

    source_height: int
    source_width: int
    canvas: int
    top: int
    left: int
    height: int
    width: int

    @property
    def scale_x(self) -> float:
        """Canvas pixels per original pixel, along x."""
        return self.width / self.source_width

    @property
    def scale_y(self) -> float:
        """Canvas pixels per original pixel, along y."""
        return self.height / self.source_height


@dataclass(frozen=True, slots=True, eq=False)
class ThoraxPlacement(Placement):
    """Where a picture lies on the canvas, and where the patient's midline is in it: known where it is registered.

    Attributes:
        leftness: (grid_h, grid_w) float32, > 0 on the patient's left of the midline, < 0 on the right.
    """

    leftness: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Warp:
    """Where the donor's thorax lies when it is brought onto the recipient's: read backwards, as pictures are warped.

    Places are shares of the square canvas: pixel (column i, row j) of a canvas of C pixels lies at
    ((i + 0.5) / C, (j + 0.5) / C), x right and y down. What comes to place (x, y) of the recipient is what the donor
    has at `affine @ (x, y, 1) + field(x, y)`; `field` is read bilinearly between the centres of its cells, and
    beyond the outermost centres it stays what it is there.

    Attributes:
        affine: (2, 3) float32.
        field: (n, n, 2) float16, (x, y) of each cell, row by row.
    """

    affine: npt.NDArray[np.float32]
    field: npt.NDArray[np.float16]
