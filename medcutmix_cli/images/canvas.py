"""One picture file, whatever its format, to one grey square canvas. Knows no study and no data set."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from medcutmix_cli.errors import DatasetError, ImageError
from medcutmix_cli.images.dicom import read_dicom
from medcutmix_cli.images.picture_parts import open_picture
from medcutmix_cli.images.raster import JPEG_MAGIC, PNG_MAGIC, read_raster
from medcutmix_cli.images.shrink import Plane
from medcutmix_cli.records import Placement


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture on its canvas.

    Attributes:
        pixels: (canvas, canvas) uint8, bright = radio-opaque, 0 outside the picture.
        placement: Where the original lies on it.
    """

    pixels: npt.NDArray[np.uint8] = field(repr=False)
    placement: Placement

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Canvas pixels that hold picture: top, left, bottom, right (the last two exclusive)."""
        at = self.placement
        return at.top, at.left, at.top + at.height, at.left + at.width


def read_canvas(path: Path, canvas: int, dicom_mode: str, *, exact: bool = False) -> Canvas:
    """Read a JPEG, PNG or DICOM file, told apart by its first bytes, letterboxed on a canvas.

    Safe to call from several threads.

    Args:
        path: The file.
        canvas: Side of the canvas, pixels.
        dicom_mode: One of `DICOM_MODES`; without meaning for JPEG and PNG.
        exact: Decode and tone every pixel before averaging: slower, the reference of the fast path.

    Raises:
        ImageError: With a reason to count it under: "image-missing", "image-empty", "image-constant",
            "image-truncated", "image-format-unknown", "image-unreadable", "dicom-...".
        DatasetError: Its storage fails, also when asked again for some seconds.
    """
    plane, placement = _read(path, canvas, dicom_mode, exact=exact)
    if plane.min() == plane.max():
        raise ImageError("all pixels are equal", where=str(path), reason="image-constant")
    pixels = np.zeros((canvas, canvas), np.uint8)
    rows = slice(placement.top, placement.top + placement.height)
    pixels[rows, placement.left : placement.left + placement.width] = plane
    pixels.setflags(write=False)
    return Canvas(pixels, placement)


_TRANSIENT = frozenset(
    getattr(errno, name)
    for name in (
        *("EIO", "ESTALE", "ETIMEDOUT", "ENOTCONN"),
        *("EHOSTDOWN", "EHOSTUNREACH", "ECONNRESET", "EREMOTEIO"),
    )
    if hasattr(errno, name)  # EREMOTEIO is Linux only
)
"""What a share says that is out of reach for a while: nothing that a picture is to blame for."""

_PAUSES = (0.25, 1.0, 3.0)  # seconds


def _read(path: Path, canvas: int, mode: str, *, exact: bool) -> tuple[Plane, Placement]:
    """Read a picture, again where the storage fails; pictures must not be counted as broken because of it."""
    for pause in _PAUSES:
        try:
            return _read_once(path, canvas, mode, exact=exact)
        except OSError:
            time.sleep(pause)
    try:
        return _read_once(path, canvas, mode, exact=exact)
    except OSError as error:
        hint = (
            "run the same command again when it answers; if this one file is damaged on its disk, remove it: "
            "it is then counted as missing"
        )
        what = f"the storage of the data set fails: {os.strerror(error.errno or 0).lower()}"
        raise DatasetError(what, where=str(path), hint=hint) from error


def _read_once(path: Path, canvas: int, mode: str, *, exact: bool) -> tuple[Plane, Placement]:
    """Read a picture, or raise what the storage said of itself as `OSError`."""
    try:
        with open_picture(path, buffering=0) as file:  # a buffer would copy the whole file once more
            start = file.read(132)
            if start.startswith((JPEG_MAGIC, PNG_MAGIC)):
                file.seek(0)
                return read_raster(file.read(), canvas, str(path), exact=exact)
    except FileNotFoundError as error:
        raise ImageError("there is no such picture", where=str(path), reason="image-missing") from error
    except OSError as error:
        if error.errno in _TRANSIENT:
            raise
        what = f"the picture cannot be opened ({type(error).__name__})"
        raise ImageError(what, where=str(path)) from error
    if not start:
        raise ImageError("the file is empty", where=str(path), reason="image-empty")
    if start[128:] != b"DICM":  # PS3.10 7.1
        what = "the file is neither JPEG, PNG nor DICOM"
        raise ImageError(what, where=str(path), reason="image-format-unknown")
    try:
        return read_dicom(path, canvas, mode, exact=exact)
    except ImageError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in _TRANSIENT:
            raise error.__cause__ from None
        raise
