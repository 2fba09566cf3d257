"""Thoraxes for the tests of registration: phantoms on a canvas, deformed as is known; radiographs with lung masks."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.datasets.phantoms.anatomy import lung
from medcutmix_cli.datasets.phantoms.canvas import make_frame
from medcutmix_cli.images import read_canvas
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.records import PictureRules, Placement
from medcutmix_cli.registration.pictures import RegisteredPicture, register_picture
from medcutmix_cli.registration.thumbnails import SIDE
from tests.pictures import SHARED

CANVAS = 224
CHESTS = SHARED / "covid-cxr"


@dataclass(frozen=True, eq=False)
class Chest:
    """A picture on its canvas, with its lungs where they are known.

    Attributes:
        lungs: (canvas, canvas) bool.
    """

    pixels: np.ndarray
    placement: Placement
    lungs: np.ndarray | None = None
    patient: str = ""

    def registered(self) -> RegisteredPicture:
        return register_picture(self.pixels, self.placement)


@cache
def phantom_chest(seed: int, canvas: int = CANVAS) -> Chest:
    """Paint a phantom and both its lungs, letterboxed."""
    phantom = draw_phantom(seed)
    image = (paint(phantom, canvas).image * 255).astype(np.uint8)
    frame = make_frame(phantom.exposure, phantom.aspect, canvas, coarse=False)
    both = frame.fill([lung(phantom.patient, side) for side in ("right", "left")])
    at = letterbox(*image.shape, canvas)
    pixels, lungs = (on_canvas(layer, at) for layer in (image, both))
    return freeze(Chest(pixels, at, lungs > 0.5, str(seed)))


@cache
def registered_phantom(seed: int) -> RegisteredPicture:
    return phantom_chest(seed).registered()


def on_canvas(layer: np.ndarray, at: Placement, method: int = cv2.INTER_AREA) -> np.ndarray:
    """Letterbox a layer of a picture."""
    canvas = np.zeros((at.canvas, at.canvas), layer.dtype)
    inner = cv2.resize(layer, (at.width, at.height), interpolation=method)
    canvas[at.top : at.top + at.height, at.left : at.left + at.width] = inner
    return canvas


def freeze(chest: Chest) -> Chest:
    """Let nobody write to what tests share."""
    for array in (chest.pixels, chest.lungs):
        if array is not None:
            array.setflags(write=False)
    return chest


def thumbnail_places(matrix: np.ndarray, bend: float = 0.0) -> np.ndarray:
    """Return where each thumbnail pixel goes: an affine about the middle, then waves of `bend` pixels, (64, 64, 2)."""
    rows, columns = np.indices((SIDE, SIDE)).astype(np.float32)
    middle = (SIDE - 1) / 2
    x, y = columns - middle, rows - middle
    across = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] + middle
    down = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] + middle
    across += bend * np.sin(rows / 9)
    down += bend * np.cos(columns / 11)
    return np.dstack([across, down]).astype(np.float32)


def deformed(chest: Chest, places: np.ndarray) -> Chest:
    """Return the chest that has at each place what this one has at `places` (thumbnail pixels); it fills the canvas."""
    side = chest.pixels.shape[0]
    fine = cv2.resize((places + 0.5) * (side / SIDE) - 0.5, (side, side), interpolation=cv2.INTER_LINEAR)
    # Resizing repeats the outermost: beyond their centres, places go on as they went.
    x, y = np.ascontiguousarray(fine[..., 0]), np.ascontiguousarray(fine[..., 1])
    pixels = cv2.remap(chest.pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return replace(chest, pixels=pixels, placement=letterbox(side, side, side), lungs=None)


def whole(chest: Chest) -> Chest:
    """Return the chest as if its bars were picture, so that what is deformed has the same field of view."""
    side = chest.pixels.shape[0]
    return replace(chest, placement=letterbox(side, side, side))


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / max(1, one.sum() + other.sum()))


def inside(chest: Chest) -> np.ndarray:
    """Mark the thumbnail pixels that hold lung."""
    small = cv2.resize(chest.lungs.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return small > 0.5


def real_chests(canvas: int = 448) -> tuple[Chest, ...]:
    """Return the frontal radiographs that have a human lung mask; the test is skipped where they are not here."""
    return _with_lungs(_shared(), canvas)


def _shared() -> Path:
    if not CHESTS.is_dir():
        pytest.skip("the shared data set covid-cxr is not here")
    return CHESTS


@cache
def _with_lungs(folder: Path, canvas: int) -> tuple[Chest, ...]:
    found = (_with_mask(row, folder, canvas) for row in _frontal(folder))
    return tuple(freeze(chest) for chest in found if chest is not None)


def _frontal(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        row for row in rows if row["view"] in ("PA", "AP", "AP Supine") and (folder / row["path"]).is_file()
    ]


def _with_mask(row: dict[str, str], folder: Path, canvas: int) -> Chest | None:
    path = folder / "annotations" / "lung-masks-v7" / Path(row["path"]).name
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
    if mask is None or not (mask >= 200).any():
        return None
    read = read_canvas(folder / row["path"], canvas, PictureRules("voi"))
    lungs = on_canvas((mask >= 200).astype(np.uint8), read.placement, cv2.INTER_NEAREST) > 0
    return Chest(read.pixels, read.placement, lungs, row["patientid"])


def boxed_chests(canvas: int = 448) -> list[tuple[Chest, dict[str, tuple[float, float]]]]:
    """Return radiographs with the middle of each lung's box: by the patient's side, (x, y) in canvas pixels."""
    return _with_boxes(_shared(), canvas)


@cache
def _with_boxes(folder: Path, canvas: int) -> list[tuple[Chest, dict[str, tuple[float, float]]]]:
    with (folder / "annotations" / "lung_boxes.csv").open(encoding="utf-8", newline="") as file:
        boxes = list(csv.DictReader(file))
    found = []
    for row in _frontal(folder):
        names = (Path(row["path"]).name, Path(row["path"]).stem)
        own = [box for box in boxes if box["image"] in names]
        if own:
            read = read_canvas(folder / row["path"], canvas, PictureRules("voi"))
            chest = freeze(Chest(read.pixels, read.placement, None, row["patientid"]))
            found.append((chest, {box["lung"]: _middle(box, read.placement) for box in own}))
    return found


def _middle(box: dict[str, str], at: Placement) -> tuple[float, float]:
    x, y = (float(box[k]) + float(box[size]) / 2 for k, size in (("x", "width"), ("y", "height")))
    return x * at.scale_x + at.left, y * at.scale_y + at.top
