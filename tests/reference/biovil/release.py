"""A release of BioViL-T or BioViL with random weights: real layout and image tower, a small invented text tower.

Used by the recipe and by the tests, in two environments: it may import numpy and torch only. Weights depend on
nothing but a seed and the tensor's name.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
SEED = 20230111

IMAGE_FILES = {
    "biovil-t": "biovil_t_image_model_proj_size_128.pt",
    "biovil": "biovil_image_resnet50_proj_size_128.pt",
}

WORDS = (
    "the a small large left right pleural effusion opacity lung base lower lobe there is seen in no change"
)
PIECES = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *"abcdefghijklmnopqrstuvwxyz0123456789.,;:!?[]()-/%",
    *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"),
    *WORDS.split(),
    *("##ing", "##al", "##s"),
]

CONFIG = {
    "model_type": "bert",
    "architectures": ["CXRBertModel"],
    "attention_probs_dropout_prob": 0.25,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.25,
    "hidden_size": 64,
    "initializer_range": 0.02,
    "intermediate_size": 160,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 96,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "pad_token_id": 0,
    "position_embedding_type": "absolute",
    "projection_size": 128,
    "type_vocab_size": 2,
    "vocab_size": len(PIECES) + 3,
}

SENTENCES = (
    "There is a small left pleural effusion.",
    "Large opacity in the RIGHT lower lobe!?",
    "No change",
    "Émphysème, 3.5 cm mass (right base); \u2265 2 nodules [sic].",
    "There is a small opacity in the left lung base, and a large one in the right lower lobe, with pleural "
    "effusion seen there; no change in the lung is seen in the left lower lobe.",
)

PICTURES = {"portrait": (701, 555), "landscape": (517, 690)}


def make_picture(name: str) -> np.ndarray:
    """Return blocks with noise, (height, width) uint8 of odd size that uses the grey values 13-201 only."""
    height, width = PICTURES[name]
    rng = np.random.default_rng([SEED, height, width])
    blocks = np.kron(rng.integers(20, 190, (30, 30)), np.ones((30, 30), np.int64))[:height, :width]
    picture = (blocks + rng.integers(-7, 12, (height, width))).astype(np.uint8)
    picture[0, 0], picture[-1, -1] = 13, 201
    return picture


def read_layout(file: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return dtype and shape by name, as `make_golden.py` wrote them from the reference's own model."""
    rows = (line.split("\t") for line in (HERE / file).read_text().splitlines())
    return {name: (dtype, tuple(json.loads(shape))) for name, dtype, shape in rows}


def make_tensors(layout: dict[str, tuple[str, tuple[int, ...]]]) -> dict[str, torch.Tensor]:
    """Return random weights of a scale at which activations neither vanish nor blow up."""
    return {name: _tensor(name, dtype, shape) for name, (dtype, shape) in layout.items()}


def _tensor(name: str, dtype: str, shape: tuple[int, ...]) -> torch.Tensor:
    if dtype == "int64":
        return torch.full(shape, 1000, dtype=torch.int64)
    entropy = np.frombuffer(hashlib.sha256(name.encode()).digest(), np.uint32)
    rng = np.random.default_rng([SEED, *entropy.tolist()])
    noise = rng.standard_normal(shape, dtype=np.float32)
    return torch.from_numpy(np.asarray(_scaled(name, noise), np.float32))


def _scaled(name: str, noise: np.ndarray) -> np.ndarray:
    if name.endswith("running_var"):
        return 0.5 + np.abs(noise)
    if noise.ndim == 4:
        return noise * np.float32(np.sqrt(2 / np.prod(noise.shape[1:])))
    if noise.ndim == 2:
        return noise * np.float32(0.5 if "embeddings" in name else noise.shape[1] ** -0.5)
    if noise.ndim == 1 and name.endswith("weight"):  # of a normalisation; the last of a block stays small
        return (1 + 0.1 * noise) * (0.3 if ".bn3." in name else 1)
    return 0.1 * noise


def write_release(folder: Path, name: str, config: dict = CONFIG, pieces: list[str] = PIECES) -> Path:
    """Write the files that the hub repository of `name` holds, as far as they are read."""
    folder.mkdir(parents=True, exist_ok=True)
    write_image_tower(folder, name)
    write_text_tower(folder, make_tensors(read_layout("layout_text.tsv")), config, pieces)
    return folder


def write_image_tower(folder: Path, name: str) -> None:
    """Write the image tower's state dict."""
    torch.save(make_tensors(read_layout(f"layout_{name}.tsv")), folder / IMAGE_FILES[name])


def write_text_tower(folder: Path, tensors: dict[str, torch.Tensor], config: dict, pieces: list[str]) -> None:
    """Write text weights, configuration and word list.

    The releases also hold a pooler that nothing reads and the position numbers (hi-ml issue 931).
    """
    hidden, places = config["hidden_size"], config["max_position_embeddings"]
    unread = {
        "bert.pooler.dense.weight": torch.zeros(hidden, hidden),
        "bert.pooler.dense.bias": torch.zeros(hidden),
        "bert.embeddings.position_ids": torch.arange(places)[None],
    }
    torch.save({**tensors, **unread}, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    tokens = {"do_lower_case": True, "tokenizer_class": "BertTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokens))
