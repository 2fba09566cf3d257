"""JPEG and PNG files to a plane of grey values, decoded no larger than the canvas needs."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images.opencv import silent_opencv
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.shrink import Plane, shrink
from medcutmix_cli.records import Placement

JPEG_MAGIC = b"\xff\xd8\xff"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

_REDUCED = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
# Start-of-frame markers (ITU-T T.81 table B.1): C0..CF without DHT (C4), JPG (C8) and DAC (CC).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class _Size:
    height: int
    width: int
    deep: bool = False  # 16 bits a sample


def read_raster(content: bytes, canvas: int, where: str, *, exact: bool) -> tuple[Plane, Placement]:
    """Return the picture at canvas scale, (placement.height, placement.width) uint8, and its placement.

    EXIF orientation is not applied, so that coordinates are those of the stored rows and columns.

    Args:
        content: The whole file.
        canvas: Side of the canvas, pixels.
        where: Name of the file, for errors.
        exact: Decode every pixel and average, instead of decoding a JPEG at 1/2, 1/4 or 1/8.
    """
    jpeg = content.startswith(JPEG_MAGIC)
    size = _jpeg_size(content, where) if jpeg else _png_size(content, where)
    if size.height < 1 or size.width < 1:
        raise ImageError("the picture has no pixels", where=where, reason="image-empty")
    placement = letterbox(size.height, size.width, canvas)
    reduction = _reduction(size, placement) if jpeg and not exact else 1
    plane = _decode(content, _REDUCED[reduction], where, deep=size.deep)
    covered = size.height / reduction, size.width / reduction
    small = shrink(plane, placement.height, placement.width, covered)
    return (_stretch(plane, small) if small.dtype != np.uint8 else small), placement


def _reduction(size: _Size, placement: Placement) -> int:
    # Below 1.4 the decoder's coarse box shows: down to 38 dB to the exact path on real films, above it 45 dB.
    room = 1.4 * placement.height, 1.4 * placement.width
    return max((k for k in _REDUCED if size.height / k >= room[0] and size.width / k >= room[1]), default=1)


def _decode(content: bytes, flag: int, where: str, *, deep: bool) -> Plane:
    # 16-bit PNGs keep their depth: OpenCV's own cut to 8 bits drops a 12-bit picture to 16 grey levels.
    mode = flag | cv2.IMREAD_IGNORE_ORIENTATION | (cv2.IMREAD_ANYDEPTH if deep else 0)
    try:
        with silent_opencv():
            plane = cv2.imdecode(np.frombuffer(content, np.uint8), mode)
    except cv2.error as error:
        raise ImageError("the picture cannot be decoded", where=where) from error
    if plane is None or plane.ndim != 2:
        raise ImageError("the picture cannot be decoded", where=where)
    return np.asarray(plane)


def _stretch(plane: Plane, small: Plane) -> Plane:
    # 16 bits to 8 over the picture's own range: what a 16-bit PNG's white stands for is nowhere written.
    low, high = float(plane.min()), float(plane.max())
    scale = 255.0 / max(high - low, 1.0)
    return np.asarray(np.rint((small.astype(np.float32) - low) * scale), np.uint8)


def _png_size(content: bytes, where: str) -> _Size:
    # IHDR is the first chunk (PNG specification 11.2.2); IEND the last.
    if len(content) < 33 or content.rfind(b"IEND") < 0:
        raise ImageError("the PNG ends too early", where=where, reason="image-truncated")
    width, height, depth = struct.unpack(">IIB", content[16:25])
    return _Size(height, width, deep=depth == 16)


def _jpeg_size(content: bytes, where: str) -> _Size:
    """Walk the marker segments to the scan; OpenCV alone would fill what is missing with grey, silently."""
    size, at = None, 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0xDA:
            break
        if marker in _FRAMES and at + 9 <= len(content):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            size = _Size(height, width)
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    if size is None or content.rfind(b"\xff\xd9") <= at:
        raise ImageError("the JPEG ends too early", where=where, reason="image-truncated")
    return size
