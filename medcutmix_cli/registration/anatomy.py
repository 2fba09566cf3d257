"""Where lungs, sides and heights lie in one picture, by its registration: not by the middle of the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.registration.maps import look_up
from medcutmix_cli.registration.poses import Pose
from medcutmix_cli.registration.template import thorax_anatomy, thorax_outlines
from medcutmix_cli.registration.thumbnails import SIDE

_REACH = 5  # thumbnail pixels: what borders on a lung belongs to it, and outlines err by one
_RECESS = 13  # thumbnail pixels below the lung, a third of its height: fluid pushes up what is seen of a lung
_UPPER_RECESS = 7  # of them: below it a paste brings more of the other's abdomen than of its fluid


@dataclass(frozen=True, slots=True, eq=False)
class PictureAnatomy:
    """What each cell of a grid over the canvas shows, in the picture's own frame.

    Attributes:
        lungs: (grid_h, grid_w) float32 in [0, 1], the share of the cell that is lung, what borders on it included, but
            for the mediastinum, which is as narrow as that.
        pleura: (grid_h, grid_w) float32 in [0, 1], the same with the recess behind the diaphragm, where fluid gathers.
        upper_pleura: (grid_h, grid_w) float32 in [0, 1], the same with the upper half of the recess.
        leftness: (grid_h, grid_w) float32, > 0 on the patient's left of the midline, < 0 on the right.
        height: (grid_h, grid_w) float32, 0 at the apex and 1 at the base of the lung on that side; goes on beyond.
    """

    lungs: npt.NDArray[np.float32]
    pleura: npt.NDArray[np.float32]
    upper_pleura: npt.NDArray[np.float32]
    leftness: npt.NDArray[np.float32]
    height: npt.NDArray[np.float32]


def picture_anatomy(pose: Pose, grid: tuple[int, ...]) -> PictureAnatomy:
    """Bring the template's anatomy to a picture, and to the cells of a grid over its canvas."""
    anatomy, size = thorax_anatomy(), (grid[1], grid[0])
    around, pleura, upper = _homes()
    return PictureAnatomy(
        lungs=_on_grid(look_up(around, pose.to_template), size),
        pleura=_on_grid(look_up(pleura, pose.to_template), size),
        upper_pleura=_on_grid(look_up(upper, pose.to_template), size),
        leftness=_on_grid(look_up(anatomy.leftness, pose.to_template, outside=None), size),
        height=_on_grid(look_up(anatomy.height, pose.to_template, outside=None), size),
    )


@cache
def _homes() -> tuple[npt.NDArray[np.float32], ...]:
    """Return the template's lungs with what borders on them, and the same with all, and half, of the recess below."""
    anatomy = thorax_anatomy()
    around = cv2.dilate(anatomy.right + anatomy.left, np.ones((_REACH, _REACH), np.uint8))
    depths = (_deepened(around, depth) for depth in (_RECESS, _UPPER_RECESS))
    beside = 1 - _between_lungs()
    return tuple(home * beside for home in (np.asarray(around, np.float32), *depths))


def _between_lungs() -> npt.NDArray[np.float32]:
    """Mark what lies between the template's lungs, but for a pixel beside each: outlines err by one."""
    anatomy = thorax_anatomy()
    right, left = anatomy.right >= 0.5, anatomy.left >= 0.5
    after_right = ~np.maximum.accumulate(right[:, ::-1], axis=1)[:, ::-1]
    before_left = ~np.maximum.accumulate(left, axis=1)
    rows = (right.any(axis=1) & left.any(axis=1))[:, None]
    between = (after_right & before_left & rows).astype(np.float32)
    return np.asarray(cv2.erode(between, np.ones((1, 3), np.uint8)), dtype=np.float32)


def _deepened(lungs: npt.NDArray[Any], depth: int) -> npt.NDArray[np.float32]:
    reached = cv2.dilate(lungs, np.ones((depth + 1, 1), np.uint8), anchor=(0, depth))
    return np.asarray(reached, dtype=np.float32)


def lung_outlines(pose: Pose, canvas: int) -> tuple[npt.NDArray[np.float32], ...]:
    """Return where the outlines of the right and the left lung come to lie, (n, 2) float32 (x, y) canvas pixels."""
    found = []
    for outline in thorax_outlines():
        x, y = (np.ascontiguousarray(outline[None, :, axis]) for axis in (0, 1))
        places = cv2.remap(pose.to_picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        found.append(np.asarray((places + 0.5) * canvas / SIDE - 0.5, dtype=np.float32))
    return tuple(found)


def _on_grid(values: npt.NDArray[np.float32], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
