"""The last attention of a vision transformer, by itself: small enough to keep, enough to differentiate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True, eq=False)
class Pooling:
    """The last attention of one picture: what makes one vector of all its tokens.

    Attributes:
        weights: (heads, tokens) float32, each row sums to 1.
        values: (tokens, width) float32, the heads side by side.
        carried: (width,) float32, what the attention's output is added to; zeros where there is none.
    """

    weights: Tensor
    values: Tensor
    carried: Tensor

    @classmethod
    def unpack(cls, rows: Tensor, heads: int) -> Pooling:
        """Read what `pack_pooling` made of one picture."""
        width = rows.shape[1] - heads
        return cls(rows[:-1, width:].T.contiguous(), rows[:-1, :width].contiguous(), rows[-1, :width])


def attention_weights(query: Tensor, keys: Tensor, heads: int) -> Tensor:
    """Return (batch, heads, tokens) float32: softmax of one scaled query (batch, 1, width) over all keys."""
    batch, tokens, width = keys.shape
    split = keys.view(batch, tokens, heads, width // heads)
    logits = torch.einsum("bhd,bthd->bht", query.reshape(batch, heads, width // heads), split)
    return (logits.float() / math.sqrt(width // heads)).softmax(dim=-1)


def apply_attention(pooling: Pooling) -> Tensor:
    """Return (width,): the values, weighted within each head."""
    heads, tokens = pooling.weights.shape
    split = pooling.values.view(tokens, heads, -1)
    return torch.einsum("ht,thd->hd", pooling.weights, split).flatten()


def pack_pooling(weights: Tensor, values: Tensor, carried: Tensor) -> Tensor:
    """Put the parts of a `Pooling` into one tensor: values beside weights, what is carried in a last row."""
    rows = torch.cat([values.float(), weights.transpose(1, 2)], dim=-1)
    last = functional.pad(carried.float(), (0, weights.shape[1]))
    return torch.cat([rows, last[:, None]], dim=1)
