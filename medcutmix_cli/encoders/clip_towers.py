"""Read patch-sentence maps out of CLIP and SigLIP networks, which were trained on whole pictures only.

Knows transformers' layout of both, and no file, no tokenizer and no picture. Only the last layer is opened: the
attentions of all layers of a large model would be gigabytes a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from medcutmix_cli.encoders.clip_pooling import Pooling, apply_attention, attention_weights, pack_pooling
from medcutmix_cli.errors import EncoderError

METHODS = ("projected-patch", "value-path", "gradient")


class Tower(Protocol):
    """A network of one family; pixels are (batch, 3, side, side) float32, cells run row by row from the top."""

    @property
    def heads(self) -> int:
        """Say how many heads the last attention has."""

    @property
    def extra(self) -> int:
        """Say how many tokens stand before the patches in the last attention."""

    @property
    def bias(self) -> float:
        """Say what is added to scale * cosine."""

    def project_patches(self, pixels: Tensor) -> Tensor:
        """Return (batch, cells, dim): the patch tokens, treated as the pooled one is."""

    def value_paths(self, pixels: Tensor) -> Tensor:
        """Return (batch, cells, dim): the pooled vector, had the last attention seen that one patch only."""

    def pooling(self, pixels: Tensor) -> Tensor:
        """Return (batch, tokens + 1, width + heads): a `Pooling` of each picture, packed."""

    def embed(self, pooling: Pooling) -> Tensor:
        """Return (dim,): the vector of the whole picture, not normalised."""

    def sentences(self, ids: Tensor) -> Tensor:
        """Return (batch, dim): the vectors of padded sentences, not normalised."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipTower:
    """CLIP (arXiv 2103.00020): a class token, pooled by the last layer, then norm and projection."""

    model: Any

    @property
    def heads(self) -> int:
        """Say how many heads the last layer has."""
        return int(self._last.self_attn.num_heads)

    @property
    def extra(self) -> int:
        """The class token stands first."""
        return 1

    @property
    def bias(self) -> float:
        """CLIP has none."""
        return 0.0

    def project_patches(self, pixels: Tensor) -> Tensor:
        """Project the patch tokens of the last layer as if they were class tokens."""
        return self._projected(_first(self._last(self._before_last(pixels), None))[:, 1:])

    def value_paths(self, pixels: Tensor) -> Tensor:
        """Let each patch attend to itself only in the last layer: MaskCLIP, arXiv 2112.01071."""
        patches = self._before_last(pixels)[:, 1:]
        layer = self._last
        values = layer.self_attn.v_proj(layer.layer_norm1(patches))
        return self._after_attention(layer.self_attn.out_proj(values), patches)

    def pooling(self, pixels: Tensor) -> Tensor:
        """Return the class token's attention in the last layer."""
        tokens = self._before_last(pixels)
        normed, attention = self._last.layer_norm1(tokens), self._last.self_attn
        weights = attention_weights(attention.q_proj(normed[:, :1]), attention.k_proj(normed), self.heads)
        return pack_pooling(weights, attention.v_proj(normed), tokens[:, 0])

    def embed(self, pooling: Pooling) -> Tensor:
        """Finish the last layer for the class token alone, then norm and projection."""
        vector: Tensor = self._after_attention(
            self._last.self_attn.out_proj(apply_attention(pooling)), pooling.carried
        )
        return vector

    def sentences(self, ids: Tensor) -> Tensor:
        """Pool at the end mark. The attention is causal, so the padding behind it needs no mask."""
        vectors: Tensor = self.model.text_projection(self.model.text_model(input_ids=ids).pooler_output)
        return vectors

    @property
    def _last(self) -> Any:
        return self.model.vision_model.encoder.layers[-1]

    def _before_last(self, pixels: Tensor) -> Tensor:
        vision = self.model.vision_model
        tokens: Tensor = vision.pre_layrnorm(vision.embeddings(pixels))
        for layer in vision.encoder.layers[:-1]:
            tokens = _first(layer(tokens, None))
        return tokens

    def _after_attention(self, output: Tensor, carried: Tensor) -> Tensor:
        tokens = carried + output
        return self._projected(tokens + self._last.mlp(self._last.layer_norm2(tokens)))

    def _projected(self, tokens: Tensor) -> Tensor:
        vectors: Tensor = self.model.visual_projection(self.model.vision_model.post_layernorm(tokens))
        return vectors


@dataclass(frozen=True, slots=True, eq=False)
class SiglipTower:
    """SigLIP (arXiv 2303.15343): no class token; a head with a learned probe attends to the patches."""

    model: Any

    @property
    def heads(self) -> int:
        """Say how many heads the pooling head has."""
        return int(self._head.attention.num_heads)

    @property
    def extra(self) -> int:
        """There are patches only."""
        return 0

    @property
    def bias(self) -> float:
        """Return the learned bias of the sigmoid loss."""
        return float(self.model.logit_bias)

    def project_patches(self, pixels: Tensor) -> Tensor:
        """Return the normed patch tokens themselves: SigLIP has no projection, its head keeps their width."""
        return self._tokens(pixels)

    def value_paths(self, pixels: Tensor) -> Tensor:
        """Return what the head would give if its probe attended to that one patch only."""
        return self._after_attention(self._split(self._tokens(pixels))[1])

    def pooling(self, pixels: Tensor) -> Tensor:
        """Return the attention of the head's probe."""
        tokens, attention = self._tokens(pixels), self._head.attention
        keys, values = self._split(tokens)
        width = tokens.shape[-1]
        query = functional.linear(
            self._head.probe, attention.in_proj_weight[:width], attention.in_proj_bias[:width]
        )
        weights = attention_weights(query.expand(len(tokens), -1, -1), keys, self.heads)
        return pack_pooling(weights, values, torch.zeros_like(tokens[:, 0]))

    def embed(self, pooling: Pooling) -> Tensor:
        """Finish the head."""
        return self._after_attention(apply_attention(pooling))

    def sentences(self, ids: Tensor) -> Tensor:
        """Pool at the last place, padding or not: SigLIP was trained without a mask (open_clip issue 984)."""
        vectors: Tensor = self.model.text_model(input_ids=ids).pooler_output
        return vectors

    @property
    def _head(self) -> Any:
        return self.model.vision_model.head

    def _tokens(self, pixels: Tensor) -> Tensor:
        vision = self.model.vision_model
        tokens: Tensor = vision.embeddings(pixels)
        for layer in vision.encoder.layers:
            tokens = _first(layer(tokens, None))
        normed: Tensor = vision.post_layernorm(tokens)
        return normed

    def _split(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values; `nn.MultiheadAttention` keeps query, key and value in one matrix."""
        attention, width = self._head.attention, tokens.shape[-1]
        both = functional.linear(tokens, attention.in_proj_weight[width:], attention.in_proj_bias[width:])
        return both[..., :width], both[..., width:]

    def _after_attention(self, values: Tensor) -> Tensor:
        tokens = self._head.attention.out_proj(values)
        vectors: Tensor = tokens + self._head.mlp(self._head.layernorm(tokens))
        return vectors


def tower_of(model: nn.Module, where: str) -> Tower:
    """Recognise a network by its parts.

    Raises:
        EncoderError: It is laid out like neither family.
    """
    vision = getattr(model, "vision_model", None)
    if hasattr(vision, "head") and hasattr(model, "logit_bias"):
        return SiglipTower(model)
    if hasattr(vision, "pre_layrnorm") and hasattr(model, "visual_projection"):
        return ClipTower(model)
    raise EncoderError(
        f"{type(model).__name__} is laid out neither like CLIP nor like SigLIP with its pooling head",
        where=where,
        hint="make its maps elsewhere and use --encoder precomputed",
    )


def relevance(tower: Tower, pooling: Pooling, sentence: Tensor, scale: float) -> Tensor:
    """Weigh the last attention by what it does for the similarity: mean over heads of relu(gradient * weight).

    As Chefer et al. do in every layer (arXiv 2103.15679), here for the last alone. Needs gradients to be on.

    Args:
        tower: The network.
        pooling: Of the picture, on the network's device.
        sentence: (dim,) unit vector of the sentence.
        scale: Of the cosine.

    Returns:
        (cells,) float32, >= 0.
    """
    weights = pooling.weights.clone().requires_grad_()
    vector = tower.embed(Pooling(weights, pooling.values, pooling.carried))
    similarity = scale * functional.cosine_similarity(vector, sentence, dim=-1)
    (gradient,) = torch.autograd.grad(similarity, weights)
    strength: Tensor = (gradient * weights.detach()).clamp(min=0).mean(dim=0)[tower.extra :]
    return strength


def _first(output: Any) -> Tensor:
    """Take the tokens of a layer, which some versions give in a tuple."""
    tokens: Tensor = output if isinstance(output, Tensor) else output[0]
    return tokens
