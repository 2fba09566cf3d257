"""Lungs as people outlined them: a folder of masks, found by the picture's file name or id. Knows no row but by name.

A mask is a grey picture of the shape of its own: 200 and more is lung, 64 to 199 is "nobody can tell" (127 in the
published ones), the rest is none. One without lung (a lateral view, a CT) is left out by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from medcutmix_cli.errors import ImageError
from medcutmix_cli.evaluation.anatomy import Anatomy
from medcutmix_cli.evaluation.mix_geometry import to_canvas_mask
from medcutmix_cli.evaluation.picture_files import PictureFiles
from medcutmix_cli.images.opencv import silent_opencv
from medcutmix_cli.records import Placement
from medcutmix_cli.rendering.rows import row_placement
from medcutmix_cli.run.shards import Row

LUNG, UNKNOWN = 200, 64
_OTHER_SHAPE = 0.02  # of width by height: masks are drawn on copies of other sizes, never of another shape


@dataclass(frozen=True, slots=True)
class LungMasks:
    """The masks of a folder."""

    files: PictureFiles = field(repr=False)

    @classmethod
    def below(cls, folder: Path) -> Self:
        """Look for masks in a folder, at any depth.

        Raises:
            DatasetError: There is no such folder.
        """
        return cls(PictureFiles(folder))

    @property
    def knows_lesions(self) -> bool:
        """Say no."""
        return False

    def anatomy(self, row: Row, letter: str) -> Anatomy | str:
        """Return the lungs of a parent, or why there are none: "mask-missing", "mask-empty", ..."""
        try:
            path = self._find(row, letter)
        except ImageError as error:
            return error.reason.replace("image", "mask")
        return read_lungs(path, row_placement(row, letter))

    def _find(self, row: Row, letter: str) -> Path:
        try:
            return self.files.find(row[f"image_path_{letter}"])
        except ImageError as error:
            if error.reason != "image-missing":
                raise
        return self.files.find(row[f"image_id_{letter}"])


def read_lungs(path: Path, placement: Placement) -> Anatomy | str:
    """Read one mask onto the canvas of its picture, or say why it cannot be used."""
    with silent_opencv():
        grey = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if grey is None:
        return "mask-unreadable"
    height, width = grey.shape
    across, down = width / placement.source_width, height / placement.source_height
    if abs(across / down - 1) > _OTHER_SHAPE:
        return "mask-of-other-shape"
    lung = np.asarray(grey >= LUNG)
    if not lung.any():
        return "mask-empty"
    unknown = np.asarray((grey >= UNKNOWN) & ~lung)
    return Anatomy({"lung": to_canvas_mask(lung, placement)}, to_canvas_mask(unknown, placement))
