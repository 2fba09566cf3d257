"""BiomedCLIP folders in the released layout with random weights: the same numbers on every machine.

Used by the recipe, which has open_clip and not this package, and by the tests, which have it the other way round.
Knows neither: names, shapes and configuration are written out from the released files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[np.float32]

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
WORDS = [
    "there",
    "is",
    "a",
    "small",
    "moderate",
    "large",
    "right",
    "left",
    "pleural",
    "effusion",
    "pneumothorax",
    "upper",
    "lower",
    "lobe",
    "opacity",
    "no",
]
SENTENCES = (
    "There is a small right pleural effusion.",
    "No pneumothorax.",
    "Moderate LEFT lower-lobe opacity, 4 cm; "
    + "unchanged since the prior study of 12/03, " * 4
    + "as above.",
)
PICTURES = ((301, 257), (241, 333))
"""(height, width) of the pictures: odd, a portrait and a landscape."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a checkpoint of this layout can vary in.

    Attributes:
        timm_name: Image tower by its name in timm; it fixes the three numbers after it.
        width, depth, patch: Of the image tower.
        image: Side of its input in pixels.
        text_width, text_depth, vocabulary, positions: Of the BERT; its feed-forward part is 4 times as wide.
        embed: Of the common space.
    """

    timm_name: str
    width: int
    depth: int
    patch: int
    image: int
    text_width: int
    text_depth: int
    vocabulary: int
    positions: int
    embed: int


RELEASED = Size("vit_base_patch16_224", 768, 12, 16, 224, 768, 12, 30522, 512, 512)
"""microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224."""

REDUCED = Size("vit_tiny_patch16_224", 192, 12, 16, 224, 128, 2, 512, 512, 64)
"""The smallest that open_clip's configuration can express: every kind of tensor of the release is in it."""

TOY = Size("vit_tiny_patch16_224", 64, 1, 16, 224, 64, 1, 512, 512, 32)
"""Smaller than timm's smallest; open_clip cannot build it."""


def configuration(
    size: Size, text_folder: str = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract"
) -> dict:
    """Return the content of open_clip_config.json."""
    return {
        "model_cfg": {
            "embed_dim": size.embed,
            "vision_cfg": {
                "timm_model_name": size.timm_name,
                "timm_model_pretrained": False,
                "timm_pool": "",
                "timm_proj": "linear",
                "image_size": size.image,
            },
            "text_cfg": {
                "hf_model_name": text_folder,
                "hf_tokenizer_name": text_folder,
                "hf_proj_type": "mlp",
                "hf_pooler_type": "cls_last_hidden_state_pooler",
                "context_length": 256,
            },
        },
        "preprocess_cfg": {"mean": list(MEAN), "std": list(STD)},
    }


def bert_configuration(size: Size) -> dict:
    """Return config.json of BiomedBERT, which is no part of the release; open_clip asks the hub for it."""
    return {
        "architectures": ["BertForMaskedLM"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": size.text_width,
        "intermediate_size": 4 * size.text_width,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": size.positions,
        "num_attention_heads": size.text_width // 64,
        "num_hidden_layers": size.text_depth,
        "pad_token_id": 0,
        "type_vocab_size": 2,
        "vocab_size": size.vocabulary,
    }


def shapes(size: Size) -> dict[str, tuple[int, ...]]:
    """Return the float tensors of the checkpoint by their released names."""
    return {
        "logit_scale": (),
        **{f"visual.trunk.{name}": shape for name, shape in _vision(size)},
        "visual.head.proj.weight": (size.embed, size.width),
        **{f"text.transformer.{name}": shape for name, shape in _bert(size)},
        "text.proj.0.weight": ((size.text_width + size.embed) // 2, size.text_width),
        "text.proj.2.weight": (size.embed, (size.text_width + size.embed) // 2),
    }


def _vision(size: Size) -> Iterator[tuple[str, tuple[int, ...]]]:
    wide = size.width
    yield "cls_token", (1, 1, wide)
    yield "pos_embed", (1, 1 + (size.image // size.patch) ** 2, wide)
    yield "patch_embed.proj.weight", (wide, 3, size.patch, size.patch)
    yield "patch_embed.proj.bias", (wide,)
    for number in range(size.depth):
        at = f"blocks.{number}"
        yield from _norm(f"{at}.norm1", wide)
        yield from _linear(f"{at}.attn.qkv", wide, 3 * wide)
        yield from _linear(f"{at}.attn.proj", wide, wide)
        yield from _norm(f"{at}.norm2", wide)
        yield from _linear(f"{at}.mlp.fc1", wide, 4 * wide)
        yield from _linear(f"{at}.mlp.fc2", 4 * wide, wide)
    yield from _norm("norm", wide)


def _bert(size: Size) -> Iterator[tuple[str, tuple[int, ...]]]:
    wide = size.text_width
    yield "embeddings.word_embeddings.weight", (size.vocabulary, wide)
    yield "embeddings.position_embeddings.weight", (size.positions, wide)
    yield "embeddings.token_type_embeddings.weight", (2, wide)
    yield from _norm("embeddings.LayerNorm", wide)
    for number in range(size.text_depth):
        at = f"encoder.layer.{number}"
        for part in ("query", "key", "value"):
            yield from _linear(f"{at}.attention.self.{part}", wide, wide)
        yield from _linear(f"{at}.attention.output.dense", wide, wide)
        yield from _norm(f"{at}.attention.output.LayerNorm", wide)
        yield from _linear(f"{at}.intermediate.dense", wide, 4 * wide)
        yield from _linear(f"{at}.output.dense", 4 * wide, wide)
        yield from _norm(f"{at}.output.LayerNorm", wide)


def _linear(name: str, of: int, to: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (to, of)
    yield f"{name}.bias", (to,)


def _norm(name: str, wide: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (wide,)
    yield f"{name}.bias", (wide,)


def tensors(size: Size) -> dict[str, torch.Tensor]:
    """Return random weights; each depends on its name and shape only."""
    filled = {name: torch.from_numpy(_values(name, shape)) for name, shape in shapes(size).items()}
    # Written by transformers < 4.31, and so in the released file.
    filled["text.transformer.embeddings.position_ids"] = torch.arange(size.positions)[None]
    return filled


def _values(name: str, shape: tuple[int, ...]) -> Array:
    if name == "logit_scale":
        return np.asarray(np.float32(4.45))
    drawn = _uniform(name, shape)
    if name.endswith(("norm.weight", "norm1.weight", "norm2.weight", "LayerNorm.weight")):
        return 1 + 0.3 * drawn
    if name.endswith("bias"):
        return 0.1 * drawn
    if len(shape) == 1 or ("embed" in name.rpartition(".")[0] and not name.endswith("proj.weight")):
        return 0.5 * drawn
    if name.endswith(("cls_token", "pos_embed")):
        return 0.5 * drawn
    spread = np.float32(1.5 / np.sqrt(np.prod(shape[1:])))
    return spread * drawn


def _uniform(name: str, shape: tuple[int, ...]) -> Array:
    """Draw from [-1, 1) with 24 bits; numpy promises that the raw bits of PCG64 stay the same."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    raw = np.random.PCG64(seed).random_raw(int(np.prod(shape, dtype=np.int64)))
    return ((raw >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - np.float32(1)).reshape(shape)


def vocabulary(size: Size) -> list[str]:
    """Return the words of vocab.txt: BERT's marks, characters, a few words, and fill."""
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    known += [word for word in WORDS if word not in known]
    return known + [f"[unused{number}]" for number in range(size.vocabulary - len(known))]


def write_release(
    folder: Path, size: Size, changed: dict[str, torch.Tensor] | None = None, text_folder: str = ""
) -> Path:
    """Write the files of the release.

    Args:
        folder: Where to; it is made.
        size: Of the checkpoint.
        changed: Tensors to put in the place of the random ones.
        text_folder: Local folder that open_clip takes the BERT's config.json from; "" leaves the released name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = configuration(size, text_folder) if text_folder else configuration(size)
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2))
    torch.save({**tensors(size), **(changed or {})}, folder / "open_clip_pytorch_model.bin")
    write_tokenizer(folder, size)
    return folder


def write_tokenizer(folder: Path, size: Size) -> None:
    """Write vocab.txt and tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary(size)) + "\n")
    own = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(own))


def picture(height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return a grey picture with edges and slopes, by whole numbers only."""
    y, x = np.mgrid[:height, :width]
    return ((3 * y + 5 * x + (x // 9) * (y // 13) * 17 + x * y // 50) % 256).astype(np.uint8)
