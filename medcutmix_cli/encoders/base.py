"""What an encoder is: a frozen model that says where in a picture a sentence is. Knows no file and no report.

Two steps are kept apart so that each unique picture and sentence is encoded once: `encode_image` and
`encode_sentences` do the heavy work, `attend` combines one of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """Who the encoder is; written to run.json, the data card and every shard's metadata.

    Attributes:
        name: Registered name.
        weights_sha256: Hash of the weight file(s), 64 hex digits.
        grid: (grid_h, grid_w) of the maps over the whole canvas.
        map_kind: "trained-local" (its patch-sentence score was trained), "cross-attention", "untrained-local".
        demonstration: True where the maps mean nothing outside synthetic phantoms.
        licence: SPDX id of the weights.
        note: One sentence for the user, "" where there is nothing to say.
    """

    name: str
    weights_sha256: str
    grid: tuple[int, int]
    map_kind: str
    demonstration: bool
    licence: str
    note: str


@dataclass(frozen=True, slots=True)
class Attention:
    """One sentence over one picture.

    Attributes:
        scores: (grid_h, grid_w) float16 raw score of each cell, NaN outside the encoder's field of view.
            The grid covers the whole canvas, row 0 at its top.
    """

    scores: npt.NDArray[np.float16]


class Encoder(Protocol):
    """A plugin of the group `medcutmix.encoders`.

    A frozen dataclass whose fields are its settings. Results may not depend on which pictures or sentences
    are encoded together: otherwise another shard size would give other samples.
    """

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is (loads the weights)."""

    def encode_image(self, canvas: npt.NDArray[np.uint8]) -> Any:
        """Encode one (side, side) uint8 canvas; the result is opaque, only `attend` reads it."""

    def encode_sentences(self, sentences: Sequence[str]) -> list[Any]:
        """Encode sentences, white space folded; one opaque result each."""

    def attend(self, image: Any, sentence: Any) -> Attention:
        """Combine one encoded picture and one encoded sentence into a map."""
