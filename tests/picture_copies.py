"""Pictures that look like chests, and what becomes of one that is published twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]


def draw_chest(seed: int, height: int = 900, width: int = 760) -> Grey:
    """Draw two dark lungs in a bright body, and what makes each picture its own; (height, width) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    moved = rng.uniform(-0.15, 0.15, 4)
    body = 180 - 60 * (x**2 + y**2)
    for side in (-1, 1):
        lung = ((x - side * (0.45 + moved[0])) / 0.32) ** 2 + ((y - moved[1]) / (0.65 + moved[2])) ** 2
        body = body - 100 * np.exp(-(lung**2))
    own = cv2.resize(rng.normal(0, 1, (14, 12)), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 1.5, (height, width))
    return np.asarray(np.clip(body + 14 * own + grain, 8, 235), np.uint8)


def _tone(picture: Grey, gain: float, offset: float, gamma: float = 1.0) -> Grey:
    changed = 255 * (picture / 255) ** gamma
    return np.asarray(np.clip((changed - 128) * gain + 128 + offset, 0, 255), np.uint8)


def _scaled(picture: Grey, share: float) -> Grey:
    return np.asarray(cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)


_MADE: dict[str, Callable[[Grey], Grey]] = {
    "same": lambda picture: picture,
    "brighter": lambda picture: _tone(picture, 1, 20),
    "darker": lambda picture: _tone(picture, 1, -8),
    "flatter": lambda picture: _tone(picture, 0.7, 0),
    "steeper": lambda picture: _tone(picture, 1.15, 0),
    "gamma-0.7": lambda picture: _tone(picture, 1, 0, 0.7),
    "gamma-1.4": lambda picture: _tone(picture, 1, 0, 1.4),
    "cropped-all-round": lambda picture: picture[4:-4, 4:-4],
    "cropped-at-a-corner": lambda picture: picture[8:, 8:],
    **{f"scaled-{s}": lambda picture, s=s: _scaled(picture, s / 100) for s in (50, 75, 150, 200)},
}

COPIES: dict[str, tuple[Callable[[Grey], Grey], str, int]] = {
    **{name: (make, ".png", 0) for name, make in _MADE.items()},
    **{f"jpeg-{quality}": (_MADE["same"], ".jpg", quality) for quality in (50, 65, 80, 95)},
    "scaled-and-jpeg": (_MADE["scaled-50"], ".jpg", 60),
    "darker-and-jpeg": (_MADE["darker"], ".jpg", 75),
}
"""Name of a copy -> how its pixels are made, its format, its JPEG quality."""

_OTHERS: dict[str, tuple[Callable[[Grey], Grey], str, int]] = {
    "mirrored": (lambda picture: picture[:, ::-1], ".png", 0),
    "inverted": (lambda picture: 255 - picture, ".png", 0),
}


def write_copy(path: Path, picture: Grey, name: str) -> Path:
    """Write a copy, or the mirrored or inverted picture, to a file; its format shows in its bytes alone."""
    make, form, quality = (COPIES | _OTHERS)[name]
    options: list[Any] = [cv2.IMWRITE_JPEG_QUALITY, quality] if quality else []
    written, content = cv2.imencode(form, np.ascontiguousarray(make(picture)), options)
    assert written
    path.write_bytes(content.tobytes())
    return path
