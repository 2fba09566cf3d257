"""A BLIP matching model in memory: its checkpoint folder, its two towers, how attention is merged. Knows no plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoTokenizer, BlipConfig, BlipForImageTextRetrieval

from medcutmix_cli.encoders.checkpoints import files_sha256, fill, read_json, read_tensors
from medcutmix_cli.encoders.geometry import FieldOfView
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.errors import EncoderError, cause

SETTINGS = "config.json"
PROCESSOR = "preprocessor_config.json|processor_config.json"
WEIGHTS = "model.safetensors|pytorch_model.bin"
FILES = (SETTINGS, PROCESSOR, WEIGHTS, "tokenizer.json|vocab.txt", "tokenizer_config.json")
"""What a checkpoint folder holds, as `save_pretrained` writes it and the hub has it."""

LAYER_WORDS = ("last", "all")
HEAD_WORDS = ("mean", "max")

_CLIP_MEAN, _CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def numbers(name: str, text: str, words: tuple[str, ...]) -> tuple[int, ...]:
    """Read "7,8"; a word of `words` stands for no numbers."""
    if text in words:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ValueError(f"{name} must be {', '.join(words)}, or numbers such as 7 or 7,8, not {text!r}")
    return tuple(sorted({int(part) for part in parts}))


@dataclass(frozen=True, slots=True)
class BlipPreprocessing:
    """What the checkpoint's image processor does to a picture."""

    side: int
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def normalise(self, seen: FieldOfView) -> torch.Tensor:
        """Return (3, side, side) float32."""
        grey = torch.from_numpy(seen.pixels.astype(np.float32))[None] * self.scale
        mean, std = (torch.tensor(values)[:, None, None] for values in (self.mean, self.std))
        return (grey - mean) / std


@dataclass(frozen=True, slots=True, eq=False)
class BlipModel:
    """A checkpoint in memory, with the layers and heads that were chosen.

    Attributes:
        towers: `BlipForImageTextRetrieval`, its text encoder cut behind the last chosen layer.
        grid: Side of the grid of patches.
        text_limit: Longest sentence in tokens, marks included.
        enc_token: Id of [ENC], -1 where its words hold none.
        sha256: Of the files it came from.
    """

    towers: Any
    tokenizer: Any
    look: BlipPreprocessing
    grid: int
    layers: tuple[int, ...]
    heads: str
    text_limit: int
    enc_token: int
    sha256: str

    def states(self, pixels: torch.Tensor) -> torch.Tensor:
        """Run the image tower: (batch, 3, side, side) to (batch, 1 + cells, width)."""
        states: torch.Tensor = self.towers.vision_model(pixel_values=pixels).last_hidden_state
        return states

    def attention(self, tokens: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """Run the text encoder over (batch, length) ids, none of them padding, and image states: (batch, cells)."""
        # No mask: of one of ones transformers asks whether it masks anything, and a device is waited for.
        read = self.towers.text_encoder(
            input_ids=tokens, encoder_hidden_states=states, output_attentions=True
        )
        return merge_attentions([read.cross_attentions[layer] for layer in self.layers], self.heads)


def merge_attentions(layers: Sequence[torch.Tensor], heads: str) -> torch.Tensor:
    """Merge cross-attentions: heads first, then tokens and layers by their mean.

    Args:
        layers: For each chosen layer (batch, heads, length, 1 + cells).
        heads: As `Blip.heads`.

    Returns:
        (batch, cells) float32, without the first and the last token and without the image's [CLS].
    """
    own = torch.stack([layer[:, :, 1:-1, 1:].float() for layer in layers])
    chosen = list(numbers("heads", heads, HEAD_WORDS))
    own = own[:, :, chosen] if chosen else own
    merged = own.amax(dim=2) if heads == "max" else own.mean(dim=2)
    return merged.mean(dim=(0, 2))


def load(files: Mapping[str, Path], layers: str, heads: str, runtime: Runtime) -> BlipModel:
    """Load a checkpoint.

    Args:
        files: By the names of `FILES`.
        layers: As `Blip.layers`.
        heads: As `Blip.heads`.
        runtime: Where it will run.

    Raises:
        EncoderError: It is of another architecture, or has no such layer or head.
    """
    config = _config(files[SETTINGS])
    text, vision = config.text_config, config.vision_config
    chosen = _chosen("layers", layers, text.num_hidden_layers)
    _chosen("heads", heads, text.num_attention_heads)
    model = BlipForImageTextRetrieval(config)
    fill(model, read_tensors(files[WEIGHTS]), str(files[WEIGHTS]))
    # What comes after the last chosen layer cannot change its attention.
    model.text_encoder.encoder.layer = model.text_encoder.encoder.layer[: chosen[-1] + 1]
    tokenizer = _tokenizer(files[SETTINGS].parent)
    return BlipModel(
        towers=runtime.place(model),
        tokenizer=tokenizer,
        look=_look(files[PROCESSOR], vision.image_size),
        grid=vision.image_size // vision.patch_size,
        layers=chosen,
        heads=heads,
        text_limit=min(text.max_position_embeddings, tokenizer.model_max_length),
        # [ENC] was added to BERT's words right behind [DEC], which is bos_token_id (BLIP, models/blip.py).
        enc_token=text.bos_token_id + 1 if text.bos_token_id + 1 < text.vocab_size else -1,
        sha256=files_sha256(files),
    )


def _chosen(name: str, text: str, count: int) -> tuple[int, ...]:
    """Turn words and numbers into numbers that the model has; words for heads mean all of them."""
    if text == "last":
        return (count - 1,)
    chosen = numbers(name, text, (*LAYER_WORDS, *HEAD_WORDS)) or tuple(range(count))
    if chosen[-1] >= count:
        raise EncoderError(
            f"{name} = {text!r}: the model has {name} 0 to {count - 1}",
            hint=f"choose other {name} in [encoder]",
        )
    return chosen


def _config(path: Path) -> Any:
    settings = read_json(path)
    if settings.get("model_type") != "blip":
        raise EncoderError(
            f"the model is a {settings.get('model_type')!r}, not a 'blip'",
            where=str(path),
            hint="blip reads BlipForImageTextRetrieval folders; for maps of any other model see precomputed",
        )
    config: Any = BlipConfig.from_dict(settings)
    # Only this one hands attention out.
    config._attn_implementation = "eager"
    return config


def _tokenizer(folder: Path) -> Any:
    try:
        return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"the tokenizer cannot be read ({cause(error)})",
            where=str(folder),
            hint="give the folder of the released model, unchanged",
        ) from error


def _look(path: Path, side: int) -> BlipPreprocessing:
    settings = read_json(path)
    settings = settings.get("image_processor", settings)
    size = settings.get("size", side)
    edges = set(size.values()) if isinstance(size, dict) else {size}
    if edges != {side}:
        raise EncoderError(
            f"the processor makes pictures of {sorted(edges)} pixels, the model wants {side} x {side}",
            where=str(path),
            hint="give the folder of the released model, unchanged",
        )
    return BlipPreprocessing(
        side=side,
        scale=float(settings.get("rescale_factor", 1 / 255)),
        mean=tuple(settings.get("image_mean") or _CLIP_MEAN),
        std=tuple(settings.get("image_std") or _CLIP_STD),
    )
