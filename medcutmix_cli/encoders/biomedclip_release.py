"""Load a BiomedCLIP release: configuration, weights, tokenizer, once per process. Knows no picture and no map.

Layout: huggingface.co/microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224. Defaults: open_clip 3.3,
`CLIPVisionCfg`, `CLIPTextCfg` and `PreprocessCfg`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import BertTokenizer

from medcutmix_cli.encoders.biomedclip_towers import BiomedClipTowers, sizes_of
from medcutmix_cli.encoders.checkpoints import (
    DOWNLOAD_AGAIN,
    Release,
    files_sha256,
    fill,
    locate,
    read_json,
    read_tensors,
)
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.errors import EncoderError, cause

RELEASE = Release(
    repo="microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
    files=(
        "open_clip_config.json",
        "open_clip_pytorch_model.bin|open_clip_model.safetensors",
        "tokenizer.json|vocab.txt",
        "tokenizer_config.json",
    ),
)
_PADDING = 0  # BERT's own default: open_clip masks the tokens of this number
_PLAIN_VIT = re.compile(r"vit_(tiny|small|base|large)_patch\d+_\d+")


@dataclass(frozen=True, slots=True, eq=False)
class LoadedRelease:
    """A checkpoint that is ready: `side` of its input in pixels, `grid` in patches; `padding` is a token id."""

    towers: BiomedClipTowers
    tokenizer: Tokenizer
    side: int
    grid: int
    text_limit: int
    padding: int
    sha256: str


_LOADED: OnceTable[tuple[Path | None, str], LoadedRelease] = OnceTable()


def load_release(weights: Path | None, runtime: Runtime) -> LoadedRelease:
    """Load a release once per process and device; several threads may ask at the same time."""
    key = (weights, str(runtime.torch_device))
    return _LOADED.get(key, lambda: _load(weights, runtime))


def _load(weights: Path | None, runtime: Runtime) -> LoadedRelease:
    files = locate(weights, RELEASE, "biomedclip")
    config_file, weight_file, words, _ = (files[name] for name in RELEASE.files)
    config = _Config.read(config_file)
    tensors = read_tensors(weight_file)
    towers = _build(config, tensors, weight_file)
    sizes = sizes_of(tensors)
    tokenizer = _read_tokenizer(words, sizes.vocabulary)
    runtime.place(towers)
    return LoadedRelease(
        towers=towers,
        tokenizer=tokenizer,
        side=config.side,
        grid=sizes.grid,
        text_limit=min(config.context, sizes.positions),
        padding=_PADDING,
        sha256=files_sha256(files),
    )


def _build(config: _Config, tensors: Mapping[str, torch.Tensor], where: Path) -> BiomedClipTowers:
    try:
        sizes = sizes_of(tensors)
        if config.side != sizes.grid * sizes.patch:
            raise ValueError("pictures and patches do not fit")
        towers = BiomedClipTowers(sizes, config.mean, config.std)
    except (KeyError, ValueError) as error:
        raise EncoderError(
            f"the weights are of another architecture ({error})",
            where=str(where),
            hint="give the folder of the released model, unchanged",
        ) from error
    fill(towers, tensors, str(where), ignored=("position_ids", "token_type_ids"))
    return towers


def _read_tokenizer(words: Path, vocabulary: int) -> Tokenizer:
    """Build the tokenizer of the release without length limits: what is too long is seen, and counted."""
    try:
        released = BertTokenizer.from_pretrained(str(words.parent), local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(
            f"the tokenizer cannot be read ({cause(error)})",
            where=str(words),
            hint="give the folder of the released model, unchanged",
        ) from error
    tokenizer: Tokenizer = released.backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if tokenizer.get_vocab_size() > vocabulary or tokenizer.token_to_id("[PAD]") != _PADDING:
        raise EncoderError(
            "the tokenizer is of another model",
            where=str(words),
            hint=DOWNLOAD_AGAIN,
        )
    return tokenizer


@dataclass(frozen=True, slots=True)
class _Config:
    """What is needed of open_clip_config.json: `side` of the input in pixels, `context` in tokens."""

    side: int
    context: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def read(cls, path: Path) -> _Config:
        """Read the file; refuse towers and transforms that are not those of BiomedCLIP.

        Raises:
            EncoderError: It cannot be read, or asks for another architecture.
        """
        whole = read_json(path)
        try:
            model, look = whole["model_cfg"], whole["preprocess_cfg"]
            vision, text = model["vision_cfg"], model["text_cfg"]
            strange = _strange(vision, text, look)
            found = cls(
                int(vision["image_size"]),
                int(text["context_length"]),
                tuple(look["mean"]),
                tuple(look["std"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise EncoderError(
                f"the configuration lacks something, or holds something else ({error})",
                where=str(path),
                hint=DOWNLOAD_AGAIN,
            ) from error
        if strange or len(found.mean) != 3 or len(found.std) != 3:
            raise EncoderError(
                f"the configuration is not one of BiomedCLIP's: {strange or 'mean and std'}",
                where=str(path),
                hint="give the folder of the released model, unchanged",
            )
        return found


def _strange(vision: Mapping[str, Any], text: Mapping[str, Any], look: Mapping[str, Any]) -> str:
    """Name the first setting that changes what the towers do; what is absent has open_clip's default."""
    known = {
        "timm_pool": (vision.get("timm_pool", "avg"), ("", "token")),
        "timm_proj": (vision.get("timm_proj", "linear"), ("linear",)),
        "hf_proj_type": (text.get("hf_proj_type"), ("mlp",)),
        "hf_pooler_type": (text.get("hf_pooler_type"), ("cls_last_hidden_state_pooler",)),
        "resize_mode": (look.get("resize_mode", "shortest"), ("shortest",)),
        "interpolation": (look.get("interpolation", "bicubic"), ("bicubic",)),
    }
    if not _PLAIN_VIT.fullmatch(str(vision["timm_model_name"])):
        return "timm_model_name"
    return next((name for name, (given, wanted) in known.items() if given not in wanted), "")


def tokens_of(tokenizer: Tokenizer, sentence: str) -> list[int]:
    """Return the ids of a sentence, marks of start and end included.

    Raises:
        EncoderError: There is no token in it.
    """
    ids: list[int] = tokenizer.encode(sentence).ids
    if len(ids) <= 2:  # the marks of start and end
        raise EncoderError(
            "a sentence holds no word that can be encoded",
            hint="the sentence of a map needs at least one letter or digit",
        )
    return ids
