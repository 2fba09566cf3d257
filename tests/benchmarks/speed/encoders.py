"""Encoders at every price: one that costs nothing, the bundled one, a ViT-B/16 with random weights.

Random weights know no finding, and the evidence gate would refuse every pair. So the first and the last take their maps
from the truth that lies beside the pictures: pairs pass or fail as with a trained encoder, and all work is done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.assembly import parts
from medcutmix_cli.encoders.base import Attention, Encoder, EncoderCard, Picture, Query
from tests.benchmarks.speed.inputs import TRUTH
from tests.toy_encoder import use_encoder

FREE, BUNDLED, FP32, BF16 = "free", "bundled", "ViT-B/16 fp32", "ViT-B/16 bf16"
NAMES = (FREE, BUNDLED, FP32, BF16)
GRID = 14
_SHOWN, _NOT_SHOWN = 8.0, 0.0  # peaks of a map
_TEXT = {"hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 8}

Centre = Sequence[float] | None


@dataclass(frozen=True)
class FreeEncoder:
    """Looks up where the finding of a picture is: (x, y) on the canvas, 0 to 1; None where it shows none."""

    truth: Mapping[str, Centre]
    device: str = "cpu"
    batch: int = 1

    @property
    def card(self) -> EncoderCard:
        """Say who it is."""
        note = "Costs nothing, knows the truth: for benchmarks."
        return EncoderCard("free", "0" * 64, (GRID, GRID), "untrained-local", True, "Apache-2.0", note)

    def encode_images(self, pictures: Sequence[Picture]) -> list[Centre]:
        """Return the place of each picture's finding."""
        return [self.truth[picture.image_id] for picture in pictures]

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Read nothing: there is one finding."""
        return [Query(None) for _ in sentences]

    def attend(self, image: Centre, _sentence: None) -> Attention:
        """Return a hill at the place; low where the finding is not shown."""
        x, y = image or (0.5, 0.5)
        hill = (_SHOWN if image else _NOT_SHOWN) - 12 * np.hypot(_CELLS - x, _CELLS[:, None] - y)
        return Attention(hill.astype(np.float16))


_CELLS: npt.NDArray[np.float64] = (np.arange(GRID) + 0.5) / GRID


@dataclass(frozen=True)
class PaidEncoder:
    """Runs a network in full, throws its map away and returns that of a free encoder."""

    network: Encoder
    free: FreeEncoder

    @property
    def card(self) -> EncoderCard:
        """Say who the network is; maps have the free encoder's grid."""
        return replace(self.network.card, grid=(GRID, GRID))

    @property
    def device(self) -> str:
        """Of the network."""
        return self.network.device

    @property
    def batch(self) -> int:
        """Of the network."""
        return self.network.batch

    def encode_images(self, pictures: Sequence[Picture]) -> list[tuple[Any, Centre]]:
        """Encode with both."""
        own = self.network.encode_images(pictures)
        return list(zip(own, self.free.encode_images(pictures), strict=True))

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Encode with the network."""
        return list(self.network.encode_sentences(sentences))

    def attend(self, image: tuple[Any, Centre], sentence: Any) -> Attention:
        """Make both maps."""
        self.network.attend(image[0], sentence)
        return self.free.attend(image[1], None)


def options(name: str, weights: Path) -> dict[str, str]:
    """Return what a plan is told, to be rendered with one of `NAMES`; `weights` is the folder of the ViT."""
    if name in (FREE, BUNDLED):
        return {"encoder": name}
    return {"encoder": "vit-b16", "weights": str(weights), "precision": name.split()[-1]}


def use_benchmark_encoders() -> None:
    """Let settings name these encoders, in this process."""
    build = parts.build_encoder
    use_encoder(setattr, lambda settings: _encoder(settings) or build(settings))


def _encoder(settings: Any) -> FreeEncoder | PaidEncoder | None:
    chosen = settings.encoder
    if chosen.name not in (FREE, "vit-b16"):
        return None
    truth = json.loads((Path(settings.dataset.root).parent / TRUTH).read_text(encoding="utf-8"))
    free = FreeEncoder(truth)
    if chosen.name == FREE:
        return free
    from medcutmix_cli.encoders.clip import Clip  # transformers: the others do not wait for it

    network = Clip(Path(chosen.weights), "cpu", chosen.precision, long_text="truncate")
    return PaidEncoder(network, free)


def vit_folder(folder: Path, *, small: bool = False) -> Path:
    """Write a CLIP folder with random weights, ViT-B/16 at 224 pixels or a tiny one; one that is there stays."""
    from tests.encoders import clip_folders

    if not (folder / "preprocessor_config.json").is_file():
        if small:
            return clip_folders.clip_folder(folder)
        clip_folders.folder_of_size(folder, _vit_b16, side=224, edge=224, deviation=0.02)
    return folder


def _vit_b16(words: Mapping[str, int]) -> Any:
    from transformers import CLIPConfig, CLIPModel

    text = {**_TEXT, **words, "max_position_embeddings": 77}
    vision = {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
    }
    sizes = {"image_size": 224, "patch_size": 16}
    return CLIPModel(CLIPConfig(text_config=text, vision_config={**vision, **sizes}, projection_dim=512))
