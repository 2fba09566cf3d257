"""What the bundled encoder takes: a grey square of one size, and a sentence as hashed words. Knows no network."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.errors import EncoderError

SIDE = 224  # pixels of the square picture that the network sees
GRID = 14  # cells along each side: 16 x 16 pixels each
HEADS = 4  # of its attention, in both towers
MAX_TOKENS = 64  # tokens in one window; longer sentences are read in several
WORD_ROWS = 4096
PIECE_ROWS = 8192

_WINDOW_STEP = 48  # tokens from the start of one window to the next; neighbours share 16
_PIECE_SIZES = (3, 4, 5)
_TOKEN = re.compile(r"[a-z]+|[0-9]+|[.,;:/-]")


class Token(NamedTuple):
    """Table rows of one token: of the word itself and of its character pieces."""

    word: int
    pieces: tuple[int, ...]


def tokens_of(sentence: str) -> list[Token]:
    """Split a sentence into lower-case words, numbers and punctuation, each hashed to table rows."""
    return [_token(word) for word in _TOKEN.findall(sentence.lower())]


@lru_cache(maxsize=16384)
def _token(word: str) -> Token:
    framed = f"<{word}>"
    pieces = {framed[i : i + n] for n in _PIECE_SIZES for i in range(len(framed) - n + 1)} or {framed}
    return Token(_row(word, WORD_ROWS), tuple(sorted(_row(piece, PIECE_ROWS) for piece in pieces)))


def _row(text: str, rows: int) -> int:
    # crc32, since Python's own hash() changes from process to process.
    return zlib.crc32(text.encode()) % rows


def windows_of(tokens: list[Token]) -> Iterator[list[Token]]:
    """Cut tokens into windows of at most 64, each starting 48 after the one before; every token is in one."""
    yield tokens[:MAX_TOKENS]
    for start in range(_WINDOW_STEP, len(tokens) - (MAX_TOKENS - _WINDOW_STEP), _WINDOW_STEP):
        yield tokens[start : start + MAX_TOKENS]


def windows_in(sentence: str) -> list[list[Token]]:
    """Split a sentence into the windows that are read.

    Raises:
        EncoderError: It holds no letter and no digit.
    """
    tokens = tokens_of(sentence)
    if not tokens:
        raise EncoderError(
            "a sentence holds no word that can be encoded",
            hint="the sentence of a map needs at least one letter or digit",
        )
    return list(windows_of(tokens))


def prepare(canvas: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Bring a canvas to (224, 224) float32 with zero mean and unit deviation inside the picture.

    Pure black is taken for padding and left out of mean and deviation, so that the aspect ratio of a picture
    does not change its contrast.

    Raises:
        EncoderError: The canvas is not a square uint8 array.
    """
    if canvas.ndim != 2 or canvas.shape[0] != canvas.shape[1] or canvas.dtype != np.uint8 or not canvas.size:
        raise EncoderError(
            f"the encoder wants a square uint8 canvas, not {canvas.shape} {canvas.dtype}",
            hint="bring the picture to the canvas with medcutmix_cli.images first",
        )
    grey = canvas
    if grey.shape[0] != SIDE:
        grey = np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    mean, deviation = cv2.meanStdDev(grey, mask=grey)  # the mask is true where a pixel is not black
    ramp = (np.arange(256) - float(mean[0, 0])) / max(float(deviation[0, 0]), 1.0)
    standardised: npt.NDArray[np.float32] = ramp.astype(np.float32)[grey]
    return standardised
