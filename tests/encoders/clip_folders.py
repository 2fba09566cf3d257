"""Tiny CLIP and SigLIP folders with random weights, laid out as the released ones are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel
from transformers.utils import logging

SIDE, PATCH, GRID = 64, 8, 8
_BODY = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
_EYES = {**_BODY, "image_size": SIDE, "patch_size": PATCH}
_WORDS = "there is a small large right left pleural effusion pneumothorax upper lobe consolidation present moderate"
_START, _END = "<|startoftext|>", "<|endoftext|>"


def clip_folder(folder: Path, seed: int = 0, layers: int = 2, *, crop: int = SIDE) -> Path:
    """Write a CLIP folder in the layout of PubMedCLIP: shorter edge to 72 pixels, then the centre."""

    def tiny(words: Mapping[str, int]) -> CLIPModel:
        text = {**_BODY, **words, "max_position_embeddings": 40}
        return CLIPModel(
            CLIPConfig(
                text_config=text, vision_config={**_EYES, "num_hidden_layers": layers}, projection_dim=24
            )
        )

    return folder_of_size(folder, tiny, side=crop, edge=72, seed=seed)


def folder_of_size(
    folder: Path,
    make: Callable[[Mapping[str, int]], CLIPModel],
    *,
    side: int,
    edge: int,
    seed: int = 0,
    deviation: float = 0.2,
) -> Path:
    """Write a CLIP folder.

    Args:
        folder: Made here.
        make: Given what its text configuration must say of the vocabulary, returns the model.
        side: Of the crop, pixels.
        edge: To which the shorter edge is brought before, pixels.
        seed: Of the weights.
        deviation: Of the weights.
    """
    folder.mkdir(parents=True)
    vocabulary = _clip_vocabulary(folder)
    end = vocabulary[_END]
    words = {"vocab_size": len(vocabulary), "bos_token_id": vocabulary[_START]}
    save(make({**words, "eos_token_id": end, "pad_token_id": end}), folder, seed, deviation)
    _write(
        folder / "preprocessor_config.json",
        {
            **_common([0.48, 0.46, 0.41], [0.27, 0.26, 0.28], "CLIPImageProcessor"),
            "do_center_crop": True,
            "crop_size": {"height": side, "width": side},
            "size": {"shortest_edge": edge},
        },
    )
    return folder


def siglip_folder(folder: Path, seed: int = 0, layers: int = 2) -> Path:
    """Write a SigLIP folder in the layout of XraySigLIP, but with a tokenizer.json: both edges to 64 pixels."""
    folder.mkdir(parents=True)
    size = _siglip_vocabulary(folder)
    config = SiglipConfig(
        text_config={
            **_BODY,
            "vocab_size": size,
            "max_position_embeddings": 16,
            "projection_size": 32,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "pad_token_id": 1,
        },
        vision_config={**_EYES, "num_hidden_layers": layers},
    )
    save(SiglipModel(config), folder, seed)
    _write(
        folder / "preprocessor_config.json",
        {
            **_common([0.5] * 3, [0.5] * 3, "SiglipImageProcessor"),
            "size": {"height": SIDE, "width": SIDE},
        },
    )
    return folder


def save(model, folder: Path, seed: int, deviation: float = 0.2) -> None:
    """Save a model with weights that are, by default, large enough to make maps differ from cell to cell."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim >= 2:
                weight.normal_(0.0, deviation, generator=generator)
            elif "norm" not in name and "logit" not in name:
                weight.normal_(0.0, 0.1, generator=generator)
        model.logit_scale.fill_(3.0)
        if hasattr(model, "logit_bias"):
            model.logit_bias.fill_(-4.0)
    logging.disable_progress_bar()
    model.save_pretrained(folder)


def edit(path: Path, **changes) -> None:
    """Change keys of a JSON file; None takes a key out."""
    content = {**json.loads(path.read_text()), **changes}
    _write(path, {key: value for key, value in content.items() if value is not None})


def _common(mean: list[float], deviation: list[float], name: str) -> dict:
    steps = dict.fromkeys(("do_convert_rgb", "do_normalize", "do_rescale", "do_resize"), True)
    numbers = {"image_mean": mean, "image_std": deviation, "rescale_factor": 1 / 255, "resample": 3}
    return {**steps, **numbers, "image_processor_type": name}


def _clip_vocabulary(folder: Path) -> dict[str, int]:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = ["t h", "th e", "r i", "e f", "ef f", "s i", "o n</w>"]
    words = [*letters, *(letter + "</w>" for letter in letters), *(m.replace(" ", "") for m in merges)]
    vocabulary = {word: number for number, word in enumerate([*words, _START, _END])}
    _write(folder / "vocab.json", vocabulary)
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "CLIPTokenizer",
            "model_max_length": 40,
            "bos_token": _START,
            **dict.fromkeys(("eos_token", "pad_token", "unk_token"), _END),
        },
    )
    return vocabulary


def _siglip_vocabulary(folder: Path) -> int:
    words = ["<unk>", "</s>", *_WORDS.split()]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token=words[0]))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(Regex(r"[^\w\s]"), "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 16,
            "unk_token": "<unk>",
            **dict.fromkeys(("eos_token", "pad_token"), "</s>"),
        },
    )
    return len(words)


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2))
