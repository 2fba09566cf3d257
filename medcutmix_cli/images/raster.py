"""JPEG and PNG files to a plane of grey values, decoded no larger than the canvas needs."""

from __future__ import annotations

import cv2
import numpy as np

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import jpeg, png
from medcutmix_cli.images.opencv import silent_opencv
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.shrink import Plane, shrink
from medcutmix_cli.records import Placement

_REDUCED = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


def is_raster(start: bytes) -> bool:
    """Tell by its first bytes whether a file is a JPEG or a PNG."""
    return start.startswith((jpeg.MAGIC, png.MAGIC))


def read_raster(content: memoryview, canvas: int, *, exact: bool) -> tuple[Plane, Placement]:
    """Return the picture at canvas scale, (placement.height, placement.width) uint8, and its placement.

    EXIF orientation is not applied, so that coordinates are those of the stored rows and columns.

    Args:
        content: The whole file.
        canvas: Side of the canvas, pixels.
        exact: Decode every pixel and average, instead of decoding a JPEG at 1/2, 1/4 or 1/8.
    """
    if bytes(content[:3]) == jpeg.MAGIC:
        return _read_jpeg(content, canvas, exact=exact)
    clean = png.clean_png(content)
    placement = letterbox(clean.height, clean.width, canvas)
    # 16-bit PNGs keep their depth: OpenCV's own cut to 8 bits drops a 12-bit picture to 16 grey levels.
    plane = _decode(clean.content, cv2.IMREAD_GRAYSCALE | (cv2.IMREAD_ANYDEPTH if clean.deep else 0))
    _check_shape(plane, clean.height, clean.width)
    small = shrink(plane, placement.height, placement.width)
    return (_stretch(plane, small) if small.dtype != np.uint8 else small), placement


def _read_jpeg(content: memoryview, canvas: int, *, exact: bool) -> tuple[Plane, Placement]:
    size = jpeg.check_jpeg(content)
    placement = letterbox(size.height, size.width, canvas)
    reduction = 1 if exact else _reduction(size, placement)
    plane = _decode(content, _REDUCED[reduction])
    _check_shape(plane, -(-size.height // reduction), -(-size.width // reduction))
    covered = size.height / reduction, size.width / reduction
    return shrink(plane, placement.height, placement.width, covered), placement


def check_whole_jpeg(content: memoryview) -> None:
    """See that a JPEG which libjpeg calls corrupt has data for all of its pixels; grey stands for those it lacks.

    libjpeg tells of the first damage alone, so its words do not say. But more data changes no pixel of a picture
    that has enough.

    Raises:
        ImageError: "image-truncated".
    """
    own, more = (_decode(one, cv2.IMREAD_GRAYSCALE) for one in (content, jpeg.pad_scans(content)))
    if not np.array_equal(own, more):
        raise ImageError("the JPEG has data for a part of its pixels only", reason="image-truncated")


def _reduction(size: jpeg.JpegSize, placement: Placement) -> int:
    # Below 1.4 the decoder's coarse box shows: down to 38 dB to the exact path on real films, above it 45 dB.
    room = 1.4 * placement.height, 1.4 * placement.width
    return max((k for k in _REDUCED if size.height / k >= room[0] and size.width / k >= room[1]), default=1)


def _decode(content: bytes | memoryview, flag: int) -> Plane:
    try:
        with silent_opencv():
            plane = cv2.imdecode(np.frombuffer(content, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise ImageError("the picture cannot be decoded") from error
    if plane is None or plane.ndim != 2:
        raise ImageError("the picture cannot be decoded")
    return np.asarray(plane)


def _check_shape(plane: Plane, height: int, width: int) -> None:
    if plane.shape != (height, width):
        raise ImageError("the picture has another size than its header says", reason="image-corrupt")


def _stretch(plane: Plane, small: Plane) -> Plane:
    # 16 bits to 8 over the picture's own range: what a 16-bit PNG's white stands for is nowhere written.
    low, high = float(plane.min()), float(plane.max())
    scale = 255.0 / max(high - low, 1.0)
    return np.asarray(np.rint((small.astype(np.float32) - low) * scale), np.uint8)
