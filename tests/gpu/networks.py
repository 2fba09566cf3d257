"""The encoders with random weights, at the sizes of their releases or tiny: nothing is read from a file.

Needs torch, transformers and numpy only. The networks are made on the device they run on, and put where a loaded
release would lie; tokens are those of a fake vocabulary, for the words of a sentence change no cost.
"""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from transformers import (
    BlipConfig,
    BlipForImageTextRetrieval,
    CLIPConfig,
    CLIPModel,
    SiglipConfig,
    SiglipModel,
)

from medcutmix_cli.encoders import biomedclip_release, biovil, biovil_image, blip, clip, cxr_bert
from medcutmix_cli.encoders.biomedclip import BiomedClip
from medcutmix_cli.encoders.biomedclip_towers import BiomedClipTowers, TowerSizes
from medcutmix_cli.encoders.biovil import BioVilT
from medcutmix_cli.encoders.blip import Blip
from medcutmix_cli.encoders.blip_model import BlipModel, BlipPreprocessing
from medcutmix_cli.encoders.clip import Clip
from medcutmix_cli.encoders.clip_look import ClipPreprocessing
from medcutmix_cli.encoders.clip_text import Sentences
from medcutmix_cli.encoders.clip_towers import tower_of
from medcutmix_cli.encoders.runtime import Runtime

NAMES = ("biovil-t", "biomedclip", "clip ViT-B/16", "siglip so400m-448", "blip base")
WORDS = 24  # tokens of a sentence, marks included
BICUBIC = 3  # `PIL.Image.Resampling.BICUBIC`, which is not here on a bare machine


@dataclass(frozen=True)
class Network:
    """An encoder that is ready to run.

    Attributes:
        name: One of `NAMES`.
        encoder: The plugin.
        query: The features of one sentence.
        unit: By how much a score differs for a cosine that differs by 1; 1 for BLIP, whose scores are log shares.
        parameters: Of the network that sees the picture.
    """

    name: str
    encoder: object
    query: object
    unit: float
    parameters: int

    def at(self, precision: str, batch: int) -> object:
        return replace(self.encoder, precision=precision, batch_size=batch)


class FakeTokenizer:
    """Every word is token 7; the marks are 2 and 3."""

    model_max_length = 512

    def __call__(self, text, **_):
        if isinstance(text, list):
            return {"input_ids": [self.encode(one).ids for one in text]}
        return {"input_ids": self.encode(text).ids}

    def encode(self, sentence):
        return SimpleNamespace(ids=[2, *[7] * len(sentence.split()), 3])


def make(name: str, device: str, *, tiny: bool) -> Network:
    """Make one of `NAMES` on a device, the same weights whenever it is made there."""
    torch.manual_seed(20230111)
    with torch.device(device):
        return _MAKERS[name](name, device, tiny)


def on_cpu(network: Network) -> Network:
    """Return the same network, weight by weight, on the CPU."""
    return on(network, "cpu")


def on(network: Network, device: str) -> Network:
    """Return the same network, weight by weight, on a device."""
    encoder = replace(network.encoder, device=device)
    table = _TABLES[type(encoder)]
    here, there = _key(network.encoder), _key(encoder)
    if here != there:
        loaded = copy.copy(table._made[here])
        for field in _PLACED:
            if hasattr(loaded, field):
                object.__setattr__(loaded, field, copy.deepcopy(getattr(loaded, field)))
                module = getattr(getattr(loaded, field), "model", getattr(loaded, field))
                module.to(encoder._runtime.torch_device)
        table._made[there] = loaded
    return replace(network, encoder=encoder)


def forget(network: Network) -> None:
    """Free the memory of a network, on every device."""
    _TABLES[type(network.encoder)]._made.clear()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@dataclass(frozen=True, slots=True)
class TinyBioVilT(BioVilT):
    """The same network, which has one size, over the whole picture in half its side."""

    VARIANT = replace(BioVilT.VARIANT, side=224)


_PLACED = ("image", "text", "towers", "tower")
_RANDOM = Path("random")
_TABLES = {
    BioVilT: biovil._LOADED,
    TinyBioVilT: biovil._LOADED,
    BiomedClip: biomedclip_release._LOADED,
    Clip: clip._LOADED,
    Blip: blip._LOADED,
}


def _key(encoder):
    device = str(encoder._runtime.torch_device)
    return {
        BioVilT: lambda: ("biovil-t", _RANDOM, device),
        TinyBioVilT: lambda: ("biovil-t", _RANDOM, device),
        BiomedClip: lambda: (_RANDOM, device),
        Clip: lambda: (_RANDOM, encoder.repo, False, device),
        Blip: lambda: (_RANDOM, encoder.repo, device, encoder.layers, encoder.heads),
    }[type(encoder)]()


def _network(name, encoder, loaded, query, unit, model) -> Network:
    _TABLES[type(encoder)]._made[_key(encoder)] = loaded
    return Network(name, encoder, query, unit, sum(weight.numel() for weight in model.parameters()))


@torch.no_grad()
def _spread(model, gain=1.0):
    """Make weights large enough that cells differ: the usual start of training maps everything to one place."""
    for weight in model.parameters():
        if weight.ndim >= 2:
            weight.normal_(0.0, gain * (weight[0].numel() ** -0.5))
    return model


def _direction(width, seed=5):
    vector = np.random.default_rng(seed).standard_normal(width).astype(np.float32)
    return vector / np.linalg.norm(vector)


def _biovil(name, device, tiny):
    bert = {
        "vocab_size": 30522,
        "hidden_size": 64 if tiny else 768,
        "num_hidden_layers": 1 if tiny else 12,
        "num_attention_heads": 4 if tiny else 12,
        "intermediate_size": 64 if tiny else 3072,
        "hidden_act": "gelu",
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }
    image = _spread(biovil_image.BioVilImageTower(multi_image=True), gain=2**0.5)
    text = cxr_bert.build(bert, biovil_image.JOINT, _RANDOM)
    run = Runtime(device)
    loaded = biovil._LoadedBioVil(
        image=run.place(image),
        text=run.place(text),
        tokenizer=FakeTokenizer(),
        text_limit=512,
        padding=0,
        sha256="0" * 64,
    )
    encoder = TinyBioVilT(_RANDOM, device, fit="letterbox") if tiny else BioVilT(_RANDOM, device)
    return _network(name, encoder, loaded, _direction(biovil_image.JOINT), 1 / 0.07, image)


def _biomedclip(name, device, tiny):
    sizes = TowerSizes(
        width=64 if tiny else 768,
        depth=2 if tiny else 12,
        patch=16,
        grid=14,
        text_width=64 if tiny else 768,
        text_depth=1 if tiny else 12,
        text_inner=64 if tiny else 3072,
        vocabulary=30522,
        positions=512,
        embed=32 if tiny else 512,
        hidden=48 if tiny else 640,
    )
    towers = _spread(BiomedClipTowers(sizes, (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)))
    loaded = biomedclip_release.LoadedRelease(
        towers=Runtime(device).place(towers),
        tokenizer=FakeTokenizer(),
        side=224,
        grid=14,
        text_limit=256,
        padding=0,
        sha256="0" * 64,
    )
    return _network(
        name, BiomedClip(_RANDOM, device), loaded, 85 * _direction(sizes.embed), 85, towers.visual
    )


def _clip(name, device, tiny):
    layers = 2 if tiny else 12
    body = {"hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 4} if tiny else {}
    wide = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, **body}
    config = CLIPConfig(
        vision_config={**wide, "num_hidden_layers": layers, "image_size": 224, "patch_size": 16},
        text_config={**body, "num_hidden_layers": layers},
        projection_dim=512,
    )
    return _of_transformers(name, device, CLIPModel(config), 224, edge=224, limit=77)


def _siglip(name, device, tiny):
    own = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16}
    if tiny:
        own = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    side = 112 if tiny else 448
    config = SiglipConfig(
        vision_config={**own, "image_size": side, "patch_size": 14},
        text_config={**own, "projection_size": own["hidden_size"]},
    )
    return _of_transformers(name, device, SiglipModel(config), side, edge=0, limit=64)


def _of_transformers(name, device, model, side, *, edge, limit):
    tower = tower_of(Runtime(device).place(_spread(model)), name)
    grey = (np.arange(256, dtype=np.float32) / 255 - 0.5) / 0.25
    vision = model.config.vision_config
    loaded = clip._LoadedClip(
        tower=tower,
        sentences=Sentences(FakeTokenizer(), limit, 0, 0 if edge else limit, threading.Lock()),
        look=ClipPreprocessing(side, edge, BICUBIC, np.repeat(grey[:, None], 3, axis=1)),
        grid=side // vision.patch_size,
        scale=85.0,
        bias=tower.bias,
        sha256="0" * 64,
        licence="none: random weights",
    )
    width = model.config.projection_dim if edge else vision.hidden_size
    return _network(name, Clip(_RANDOM, device, repo=name), loaded, _direction(width), 85, model.vision_model)


def _blip(name, device, tiny):
    layers, side = (2, 96) if tiny else (12, 384)
    small = {"hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 4} if tiny else {}
    encoder = Blip(_RANDOM, device, layers="1" if tiny else "7")
    config = BlipConfig(
        vision_config={**small, "num_hidden_layers": layers, "image_size": side, "patch_size": 16},
        text_config={**small, "encoder_hidden_size": 64 if tiny else 768, "num_hidden_layers": layers},
    )
    config._attn_implementation = "eager"
    model = _spread(BlipForImageTextRetrieval(config))
    chosen = int(encoder.layers)
    model.text_encoder.encoder.layer = model.text_encoder.encoder.layer[: chosen + 1]
    loaded = BlipModel(
        towers=Runtime(device).place(model),
        tokenizer=FakeTokenizer(),
        look=BlipPreprocessing(side, 1 / 255, (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)),
        grid=side // 16,
        layers=(chosen,),
        heads=encoder.heads,
        text_limit=512,
        enc_token=-1,
        sha256="0" * 64,
    )
    return _network(name, encoder, loaded, (2, *[7] * (WORDS - 2), 3), 1, model.vision_model)


_MAKERS = dict(zip(NAMES, (_biovil, _biomedclip, _clip, _siglip, _blip), strict=True))
