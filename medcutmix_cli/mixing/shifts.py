"""Moving the donor over the recipient by whole cells, never turned and never mirrored.

Whole cells, so that a patch stays a patch: what a moved cut does to pixels, it does to the tokens of a grid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Placement

Element = TypeVar("Element", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the donor is moved before it is pasted.

    Attributes:
        rows: Cells down (likewise columns, cells to the image's right).
    """

    rows: int = 0
    columns: int = 0

    def pixels(self, canvas: int, grid: tuple[int, ...]) -> tuple[int, int]:
        """Return (down, right) in whole canvas pixels."""
        return round(self.rows * canvas / grid[0]), round(self.columns * canvas / grid[1])


IN_PLACE = Shift()


def cells_of(shift_y: int, shift_x: int, canvas: int, grid: tuple[int, ...]) -> Shift:
    """Read a stored shift (canvas pixels) back as cells."""
    return Shift(round(shift_y * grid[0] / canvas), round(shift_x * grid[1] / canvas))


def shift_array(
    array: npt.NDArray[Element], rows: int, columns: int, fill: float | bool = 0
) -> npt.NDArray[Element]:
    """Move a 2-d array down and to the right; what leaves is lost, what opens is filled."""
    if rows == 0 and columns == 0:
        return array
    result = np.full_like(array, fill)
    (to_y, from_y), (to_x, from_x) = _spans(rows, array.shape[0]), _spans(columns, array.shape[1])
    result[to_y, to_x] = array[from_y, from_x]
    return result


def _spans(step: int, length: int) -> tuple[slice, slice]:
    """Return (where to, where from) along one axis."""
    step = max(-length, min(length, step))
    return slice(max(step, 0), length + min(step, 0)), slice(max(-step, 0), length - max(step, 0))


def shift_placement(placement: Placement, down: int, right: int) -> Placement:
    """Move where a picture lies by canvas pixels; it may then reach over the canvas' edge."""
    return replace(placement, top=placement.top + down, left=placement.left + right)
