"""A toy encoder: instant, exact, and right about one thing, so that pipeline tests need no weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.assembly import opening
from medcutmix_cli.assembly import parts as composition
from medcutmix_cli.embeddings import embed as embedding
from medcutmix_cli.encoders.base import Attention, EncoderCard, Picture, Query
from medcutmix_cli.inspection import attend as attending


def use_encoder(set_attribute: Callable[[Any, str, Any], None], build: Callable[[Any], Any]) -> None:
    """Let `build` make the encoder of every run, whatever its settings name.

    Args:
        set_attribute: `monkeypatch.setattr`, or `setattr` in a process of its own.
        build: Given the settings.
    """
    for module in (attending, composition, embedding, opening):
        set_attribute(module, "build_encoder", build)


@dataclass(frozen=True)
class ToyEncoder:
    """Scores each cell by its brightness, and by which side the sentence names."""

    grid: int = 14
    device: str = "cpu"
    batch: int = 1

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is."""
        note = "A toy of the tests."
        return EncoderCard(
            "toy", "0" * 64, (self.grid, self.grid), "untrained-local", True, "Apache-2.0", note
        )

    def encode_images(self, pictures: Sequence[Picture]) -> list[npt.NDArray[np.float32]]:
        """Return the mean of each cell, (grid, grid) float32 in [0, 1]."""
        size = (self.grid, self.grid)
        return [cv2.resize(p.pixels, size, interpolation=cv2.INTER_AREA) / np.float32(255) for p in pictures]

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Return (column, row) of the peak in [0, 1]: the side it names, a height from its hash."""
        return [Query((_column(text), _height(text))) for text in sentences]

    def attend(self, image: npt.NDArray[np.float32], sentence: tuple[float, float]) -> Attention:
        """Return a smooth hill at the sentence's place, tilted by brightness."""
        y, x = np.mgrid[: self.grid, : self.grid] / (self.grid - 1)
        hill = -8 * np.hypot(x - sentence[0], y - sentence[1])
        return Attention((hill + image).astype(np.float16))


def _column(text: str) -> float:
    words = text.lower()
    return 0.7 if "left" in words else 0.3 if "right" in words else 0.5


def _height(text: str) -> float:
    return 0.35 + 0.3 * hashlib.sha256(text.encode()).digest()[0] / 255
