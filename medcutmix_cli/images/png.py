"""Grey pixels to PNG bytes and back, without loss. Knows nothing of files."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.errors import ImageError


def encode_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return `pixels`, (height, width) uint8, as PNG: the same bytes for the same pixels on one machine.

    OpenCV's default (zlib level 1, "sub" filter) is its fastest setting; naming a level turns all filters on.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or 0 in pixels.shape:
        raise ImageError("only a grey 8-bit picture can be written as PNG", where=f"shape {pixels.shape}")
    _, encoded = cv2.imencode(".png", pixels)
    return bytes(encoded.data)


def decode_png(content: bytes) -> npt.NDArray[np.uint8]:
    """Return the (height, width) uint8 pixels of a grey PNG.

    Raises:
        ImageError: The bytes are not a whole 8-bit grey PNG.
    """
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 2:
        raise ImageError("these bytes are not a grey 8-bit PNG", where=f"{len(content)} bytes")
    return np.asarray(pixels, np.uint8)
