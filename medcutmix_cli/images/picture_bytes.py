"""Grey pixels to the bytes of a stored picture and back. Knows nothing of files."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from io import BytesIO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from medcutmix_cli.configuration.settings import IMAGE_FORMATS
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import jpeg, png
from medcutmix_cli.images.opencv import silent_opencv

Pixels = npt.NDArray[np.uint8]


def encode_png(pixels: Pixels) -> bytes:
    """Return `pixels`, (height, width) uint8, as PNG: the same bytes for the same pixels on one machine.

    OpenCV's default (zlib level 1, "sub" filter) is its fastest setting; naming a level turns all filters on.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or 0 in pixels.shape:
        raise ImageError("only a grey 8-bit picture can be written", where=f"shape {pixels.shape}")
    _, encoded = cv2.imencode(".png", pixels)
    return bytes(encoded.data)


def _encode_jpeg(pixels: Pixels) -> bytes:
    """Quality 95, as the pictures of MIMIC-CXR-JPG are stored: a loss of a grey level or two."""
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return bytes(encoded.data)


def _encode_webp(pixels: Pixels) -> bytes:
    """Without loss, at the quickest setting (WebP has no grey mode: three equal channels)."""
    buffer = BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()


_ENCODERS: Mapping[str, Callable[[Pixels], bytes]] = {
    "png": encode_png,
    "jpeg": _encode_jpeg,
    "webp": _encode_webp,
}
_BEGINNINGS: Mapping[bytes, str] = {png.MAGIC: "png", jpeg.MAGIC: "jpeg"}
LOSSLESS = frozenset({"png", "webp"})


def encode_picture(pixels: Pixels, image_format: str) -> bytes:
    """Return `pixels`, (height, width) uint8, in one of `settings.IMAGE_FORMATS`.

    Raises:
        ImageError: The picture is not grey with 8 bits, or there is no such format.
    """
    if image_format not in _ENCODERS:
        raise ImageError(f"there is no image format {image_format!r}", hint=", ".join(IMAGE_FORMATS))
    return _ENCODERS[image_format](pixels)


def decode_picture(content: bytes) -> Pixels:
    """Return the (height, width) uint8 pixels of a stored picture.

    Raises:
        ImageError: The bytes are no whole 8-bit picture.
    """
    if content.startswith(png.MAGIC) and png.is_animated(content):
        raise ImageError("this PNG is animated", where=f"{len(content)} bytes", reason="image-animated")
    with silent_opencv():
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if pixels is None or pixels.dtype != np.uint8:
        raise ImageError("these bytes are not a grey 8-bit picture", where=f"{len(content)} bytes")
    grey = pixels[..., 0] if pixels.ndim == 3 else pixels  # WebP: three equal channels
    return np.ascontiguousarray(grey, np.uint8)


def picture_kind(encoded: bytes) -> str:
    """Name the format of a stored picture by its first bytes.

    Raises:
        ImageError: It is none of `settings.IMAGE_FORMATS`.
    """
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return "webp"
    for begin, kind in _BEGINNINGS.items():
        if encoded.startswith(begin):
            return kind
    hint = "medcutmix verify RUN --deep finds every such row"
    raise ImageError("a stored picture is neither PNG nor JPEG nor WebP", hint=hint)


def data_uri(encoded: bytes) -> str:
    """Return a picture as it stands in a page."""
    return f"data:image/{picture_kind(encoded)};base64,{base64.b64encode(encoded).decode('ascii')}"
