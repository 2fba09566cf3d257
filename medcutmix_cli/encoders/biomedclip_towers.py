"""The two towers of BiomedCLIP under the names of the released checkpoint. Knows no file, picture or sentence.

Zhang et al. 2023, arXiv:2303.00915: timm's `vit_base_patch16_224` and BiomedBERT, both projected into one space, as
open_clip's `TimmModel` and `HFTextEncoder` put them together. Widths and depths are read from the tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional
from transformers import BertConfig, BertModel

_HEAD = 64  # width of one attention head in every plain ViT of timm and in BERT


@dataclass(frozen=True, slots=True)
class TowerSizes:
    """What the tensors of a checkpoint say about its architecture.

    Attributes:
        width, depth: Of the image tower.
        patch: Side of a patch in pixels.
        grid: Patches along a side.
        text_width, text_depth, text_inner: Of the BERT; `text_inner` is its feed-forward width.
        vocabulary, positions: How many tokens and places the BERT knows.
        embed, hidden: Width of the common space, and of the text projection before it.
    """

    width: int
    depth: int
    patch: int
    grid: int
    text_width: int
    text_depth: int
    text_inner: int
    vocabulary: int
    positions: int
    embed: int
    hidden: int


def sizes_of(tensors: Mapping[str, torch.Tensor]) -> TowerSizes:
    """Read the sizes.

    Raises:
        KeyError: A tensor that names a size is missing.
        ValueError: The sizes are not those of the two towers.
    """
    trunk, bert = "visual.trunk.", "text.transformer."
    width, _, patch, _ = tensors[f"{trunk}patch_embed.proj.weight"].shape
    vocabulary, text_width = tensors[f"{bert}embeddings.word_embeddings.weight"].shape
    hidden, _ = tensors["text.proj.0.weight"].shape
    if width % _HEAD or text_width % _HEAD:
        raise ValueError("the widths are no multiples of 64")
    return TowerSizes(
        width=width,
        depth=_blocks(tensors, f"{trunk}blocks."),
        patch=patch,
        grid=round((tensors[f"{trunk}pos_embed"].shape[1] - 1) ** 0.5),
        text_width=text_width,
        text_depth=_blocks(tensors, f"{bert}encoder.layer."),
        text_inner=tensors[f"{bert}encoder.layer.0.intermediate.dense.weight"].shape[0],
        vocabulary=vocabulary,
        positions=tensors[f"{bert}embeddings.position_embeddings.weight"].shape[0],
        embed=tensors["visual.head.proj.weight"].shape[0],
        hidden=hidden,
    )


def _blocks(tensors: Mapping[str, torch.Tensor], prefix: str) -> int:
    found = {name.removeprefix(prefix).partition(".")[0] for name in tensors if name.startswith(prefix)}
    if not found:
        raise KeyError(prefix)
    return len(found)


class BiomedClipTowers(nn.Module):
    """Both towers and the learned scale.

    Args:
        sizes: Of the checkpoint.
        mean, std: Of the three channels, on pixels in [0, 1].
    """

    def __init__(self, sizes: TowerSizes, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.visual = BiomedClipImageTower(sizes, mean, std)
        self.text = BiomedClipTextTower(sizes)
        self.logit_scale = nn.Parameter(torch.zeros(()))


class BiomedClipImageTower(nn.Module):
    """A ViT with a class token and a projection. `tokens` are (n, 1 + cells, width), the class token first.

    All methods that take pixels take (n, side, side) uint8, grey.
    """

    def __init__(self, sizes: TowerSizes, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.trunk = _Trunk(sizes)
        self.head = nn.ModuleDict({"proj": nn.Linear(sizes.width, sizes.embed, bias=False)})
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    def standardise(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, side, side) float32, as torchvision's ToTensor and Normalize do."""
        grey = pixels[:, None].float() / 255
        return (grey - self.get_buffer("mean")) / self.get_buffer("std")

    def before_last(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the tokens that go into the last block."""
        tokens: torch.Tensor = self.trunk.embed(self.standardise(pixels))
        for block in self.trunk.blocks[:-1]:
            tokens = block(tokens)
        return tokens

    def project_tokens(self, tokens: torch.Tensor) -> torch.Tensor:
        """Bring tokens that left the last block into the common space: (n, 1 + cells, embed)."""
        result: torch.Tensor = self.head["proj"](self.trunk.norm(tokens))
        return result

    def embedding(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the embedding of whole pictures, (n, embed), not normalised."""
        return self._all(pixels)[:, 0]

    def patches(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the patch tokens as they leave the tower, (n, cells, embed) unit vectors."""
        return functional.normalize(self._all(pixels)[:, 1:].float(), dim=-1)

    def _all(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.project_tokens(self.trunk.last(self.before_last(pixels)))

    def value_path(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return patch tokens whose last attention looks at the patch itself only, (n, cells, embed) unit vectors.

        The patch's own value takes the place of the attention's mixture; skip connections and the feed-forward
        part stay: Zhou et al. 2022, "Extract Free Dense Labels from CLIP" (MaskCLIP), arXiv:2112.01071, 3.2.
        """
        tokens = self.trunk.last.own_value(self.before_last(pixels))
        return functional.normalize(self.project_tokens(tokens)[:, 1:].float(), dim=-1)

    def relevance(self, tokens: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
        """Weight the last block's class-token attention by what it does for a query; needs gradients enabled.

        relu(gradient * attention), averaged over heads: Chefer et al. 2021, arXiv:2103.15679, equation 5, for the
        last block only.

        Args:
            tokens: (1, 1 + cells, width) from `before_last`.
            query: (embed,) in the common space, times the learned scale.

        Returns:
            (cells,) >= 0, without gradient.
        """
        last = self.trunk.last
        attention = last.attention(tokens)[:, :, :1].detach().requires_grad_()
        mixed = last.mix_tokens(tokens[:, :1], last.attn.values(last.norm1(tokens)), attention)
        whole = functional.normalize(self.project_tokens(mixed)[0, 0], dim=-1)
        (slope,) = torch.autograd.grad(whole @ query, attention)
        found: torch.Tensor = (slope * attention.detach()).clamp(min=0)[0, :, 0, 1:].mean(dim=0)
        return found


class _Trunk(nn.Module):
    def __init__(self, sizes: TowerSizes) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, sizes.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + sizes.grid**2, sizes.width))
        patches = nn.Conv2d(3, sizes.width, sizes.patch, sizes.patch)
        self.patch_embed = nn.ModuleDict({"proj": patches})
        self.blocks = nn.ModuleList(_TransformerBlock(sizes.width) for _ in range(sizes.depth))
        self.norm = nn.LayerNorm(sizes.width, eps=1e-6)

    @property
    def last(self) -> _TransformerBlock:
        return cast(_TransformerBlock, self.blocks[-1])

    def embed(self, pictures: torch.Tensor) -> torch.Tensor:
        patches = self.patch_embed["proj"](pictures).flatten(2).transpose(1, 2)
        return torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], dim=1) + self.pos_embed


class _TransformerBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = _AttentionLayer(width)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        values = self.attn.values(self.norm1(tokens))
        return self.mix_tokens(tokens, values, self.attention(tokens))

    def attention(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return (n, heads, tokens, tokens), each row sums to 1."""
        return self.attn.weights(self.norm1(tokens))

    def mix_tokens(self, tokens: torch.Tensor, values: torch.Tensor, attention: torch.Tensor) -> torch.Tensor:
        """Go on with given attention; `tokens` are those that its rows belong to."""
        return self._rest(tokens, (attention @ values).transpose(1, 2).flatten(2))

    def own_value(self, tokens: torch.Tensor) -> torch.Tensor:
        """Go on with the values themselves, as if each token attended to itself only."""
        return self._rest(tokens, self.attn.values(self.norm1(tokens)).transpose(1, 2).flatten(2))

    def _rest(self, tokens: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        tokens = tokens + self.attn.proj(seen)
        inner = functional.gelu(self.mlp["fc1"](self.norm2(tokens)))
        result: torch.Tensor = tokens + self.mlp["fc2"](inner)
        return result


class _AttentionLayer(nn.Module):
    """Query, key and value in one matrix; softmax is written out, so that one kernel serves every device."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def weights(self, tokens: torch.Tensor) -> torch.Tensor:
        query, key = self._part(tokens, 0), self._part(tokens, 1)
        return torch.softmax(query * _HEAD**-0.5 @ key.transpose(-2, -1), dim=-1)

    def values(self, tokens: torch.Tensor) -> torch.Tensor:
        return self._part(tokens, 2)

    def _part(self, tokens: torch.Tensor, number: int) -> torch.Tensor:
        """Return the queries (0), keys (1) or values (2): (n, heads, tokens, 64)."""
        width = tokens.shape[-1]
        rows = slice(number * width, (number + 1) * width)
        part = functional.linear(tokens, self.qkv.weight[rows], self.qkv.bias[rows])
        return part.reshape(*part.shape[:-1], -1, _HEAD).transpose(1, 2)


class BiomedClipTextTower(nn.Module):
    """BiomedBERT, whose first token goes through a two-layer projection without biases."""

    def __init__(self, sizes: TowerSizes) -> None:
        super().__init__()
        bert: dict[str, Any] = {
            "vocab_size": sizes.vocabulary,
            "hidden_size": sizes.text_width,
            "num_hidden_layers": sizes.text_depth,
            "num_attention_heads": sizes.text_width // _HEAD,
            "intermediate_size": sizes.text_inner,
            "max_position_embeddings": sizes.positions,
            "attn_implementation": "eager",  # one and the same arithmetic on every device
        }
        self.transformer = BertModel(BertConfig(**bert), add_pooling_layer=False)
        self.proj = nn.Sequential(
            nn.Linear(sizes.text_width, sizes.hidden, bias=False),
            nn.GELU(),
            nn.Linear(sizes.hidden, sizes.embed, bias=False),
        )

    def embedding(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Encode (n, length) int64 ids, 1 in `mask` where a token is: (n, embed), not normalised."""
        states = self.transformer(input_ids=ids, attention_mask=mask).last_hidden_state
        result: torch.Tensor = self.proj(states[:, 0])
        return result

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Encode as `embedding` does: (n, embed) unit vectors."""
        return functional.normalize(self.embedding(ids, mask).float(), dim=-1)
