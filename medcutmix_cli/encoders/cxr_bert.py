"""CXR-BERT, the text tower of BioViL and BioViL-T: a BERT whose first token is projected into the joint space.

Boecking et al. 2022, arXiv:2204.09817. Built from transformers' own BERT and a word list, so that none of the
code in the released folder runs. Knows no picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn
from transformers import BertConfig, BertModel

from medcutmix_cli.encoders.checkpoints import DOWNLOAD_AGAIN
from medcutmix_cli.errors import EncoderError, cause

_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "pad_token_id",
)
_UNUSED = ("cls.predictions.", "bert.pooler.")


class CxrBert(nn.Module):
    """Token ids to one unit vector a sentence, under the names of the released checkpoints."""

    def __init__(self, config: Mapping[str, Any], joint: int) -> None:
        super().__init__()
        sizes: dict[str, Any] = {name: config[name] for name in _SIZES}
        sizes["attn_implementation"] = "eager"  # one and the same arithmetic on every machine
        self.bert = BertModel(BertConfig(**sizes), add_pooling_layer=False)
        self.cls_projection_head = _Head(config["hidden_size"], joint)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Encode (n, length) int64 ids, 1 in `mask` where a token is: (n, joint) float32."""
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        return nn.functional.normalize(self.cls_projection_head(states[:, 0]).float(), dim=-1)


class _Head(nn.Module):
    def __init__(self, hidden: int, joint: int) -> None:
        super().__init__()
        self.dense_to_hidden = nn.Linear(hidden, joint)
        self.LayerNorm = nn.LayerNorm(joint, eps=1e-12)
        self.dense_to_output = nn.Linear(joint, joint)

    def forward(self, first: torch.Tensor) -> torch.Tensor:
        inner = self.LayerNorm(nn.functional.gelu(self.dense_to_hidden(first)))
        projected: torch.Tensor = self.dense_to_output(inner)
        return projected


def build(config: Mapping[str, Any], joint: int, where: Path) -> CxrBert:
    """Build the tower without weights from the release's `config.json`; `joint` is the width of the joint space.

    Raises:
        EncoderError: Sizes are missing from it or make no sense.
    """
    try:
        return CxrBert(config, joint)
    except (KeyError, TypeError, ValueError, StrictDataclassError) as error:
        raise EncoderError(
            f"the configuration is not one of CXR-BERT ({cause(error)})",
            where=str(where),
            hint=DOWNLOAD_AGAIN,
        ) from error


def drop_unused(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Leave out what a released checkpoint holds for other uses: the masked-word head and the pooler."""
    return {name: tensor for name, tensor in tensors.items() if not name.startswith(_UNUSED)}


def read_tokenizer(vocabulary: Path, limit: int) -> Tokenizer:
    """Build the tokenizer from `vocab.txt`, lower case as `tokenizer_config.json` of both releases says.

    Args:
        vocabulary: One piece a line; the line number is the id.
        limit: How many ids the model has.

    Raises:
        EncoderError: It cannot be read, or is no word list for this model.
    """
    try:
        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EncoderError(
            f"the word list cannot be read ({cause(error)})",
            where=str(vocabulary),
            hint=DOWNLOAD_AGAIN,
        ) from error
    ids = {piece: number for number, piece in enumerate(pieces)}
    if len(pieces) > limit or not {"[CLS]", "[SEP]", "[UNK]", "[PAD]"} <= set(ids):
        raise EncoderError(
            "the word list is of another model",
            where=str(vocabulary),
            hint=DOWNLOAD_AGAIN,
        )
    # The marks are not made known as such: "[SEP]" in a sentence is text.
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))  # noqa: S106 - no password
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return tokenizer


def tokens_of(tokenizer: Tokenizer, sentence: str) -> list[int]:
    """Return the ids of a sentence with its marks, without closing punctuation (as hi-ml-multimodal does).

    Raises:
        EncoderError: There is no token in it.
    """
    ids: list[int] = tokenizer.encode(sentence.rstrip("!?.")).ids
    if len(ids) <= 2:  # the marks of start and end
        raise EncoderError(
            "a sentence holds no word that can be encoded",
            hint="the sentence of a map needs at least one letter or digit",
        )
    return ids
