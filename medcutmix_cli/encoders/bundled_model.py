"""The layers of the bundled encoder: a picture to 14 x 14 cells, a sentence to one vector, their cosine a score.

Knows no file, no cache and no training; `training/bundled_encoder` fits it, `bundled_network.py` runs it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from medcutmix_cli.encoders.bundled_inputs import GRID, HEADS, PIECE_ROWS, WORD_ROWS, Token

_CHANNELS = (32, 64, 96)
_TEXT_WIDTH = 64
_SHARED_WIDTH = 96


class ConvUnit(nn.Module):
    """A convolution; for training it is followed by batch normalisation, which is folded into it afterwards."""

    def __init__(self, wide_in: int, wide_out: int, kernel: int, stride: int, folded: bool) -> None:
        super().__init__()
        padding = (kernel - stride + 1) // 2
        self.conv = nn.Conv2d(wide_in, wide_out, kernel, stride, padding, bias=folded)
        self.norm = nn.Identity() if folded else nn.BatchNorm2d(wide_out)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, wide_in, H, W) to (B, wide_out, H / stride, W / stride)."""
        normed: Tensor = self.norm(self.conv(x))
        return normed


class Residual(nn.Module):
    """Two 3 x 3 convolutions around which the input is carried."""

    def __init__(self, width: int, folded: bool) -> None:
        super().__init__()
        self.first = ConvUnit(width, width, 3, 1, folded)
        self.second = ConvUnit(width, width, 3, 1, folded)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (B, width, H, W)."""
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class SelfAttention(nn.Module):
    """A pre-norm transformer layer over positions; gives each cell, or word, the context of all others."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, 2 * width)
        self.feed_out = nn.Linear(2 * width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Keep the shape (B, N, width); `mask` is (B, 1, 1, N) bool, True where a position may be read."""
        batch, count, width = x.shape
        mixed = self.mix(self.norm(x)).view(batch, count, 3, HEADS, width // HEADS)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        # Written out: on a CPU the fused kernel is no faster forwards and five times slower backwards.
        scores = (query * (width // HEADS) ** -0.5) @ key.transpose(-1, -2)
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        read = scores.softmax(dim=-1) @ value
        x = x + self.merge(read.transpose(1, 2).reshape(batch, count, width))
        fed: Tensor = self.feed_out(functional.relu(self.feed_in(self.feed_norm(x))))
        return x + fed


class BundledImageTower(nn.Module):
    """A small residual network to stride 16, then one layer in which all cells see each other."""

    def __init__(self, folded: bool) -> None:
        super().__init__()
        fine, middle, coarse = _CHANNELS
        self.stem = ConvUnit(1, fine, 8, 4, folded)
        self.to_middle = ConvUnit(fine, middle, 3, 2, folded)
        self.middle = Residual(middle, folded)
        self.to_coarse = ConvUnit(middle, coarse, 3, 2, folded)
        self.coarse = Residual(coarse, folded)
        # Sides and zones are places: without this a cell could not tell left from right.
        self.place = nn.Parameter(torch.zeros(GRID * GRID, coarse))
        self.context = SelfAttention(coarse)
        self.norm = nn.LayerNorm(coarse)
        self.out = nn.Linear(coarse, _SHARED_WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 1, 224, 224) standardised grey to (B, 196, 96) unit vectors, row by row from the top."""
        x = functional.relu(self.stem(x))
        x = self.middle(functional.relu(self.to_middle(x)))
        x = self.coarse(functional.relu(self.to_coarse(x)))
        cells = self.context(x.flatten(2).transpose(1, 2) + self.place)
        return functional.normalize(self.out(self.norm(cells)).float(), dim=-1)


class BundledTextTower(nn.Module):
    """Hashed words and word pieces, neighbours by a convolution, context by attention, one query pools."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORD_ROWS, _TEXT_WIDTH)
        self.pieces = nn.Embedding(PIECE_ROWS, _TEXT_WIDTH)
        self.neighbours = nn.Conv1d(_TEXT_WIDTH, _TEXT_WIDTH, 3, padding=1)
        self.context = SelfAttention(_TEXT_WIDTH)
        self.norm = nn.LayerNorm(_TEXT_WIDTH)
        self.weigh = nn.Linear(_TEXT_WIDTH, 1)
        self.hidden = nn.Linear(_TEXT_WIDTH, 2 * _TEXT_WIDTH)
        self.out = nn.Linear(2 * _TEXT_WIDTH, _SHARED_WIDTH)

    def embed(self, tokens: list[Token]) -> Tensor:
        """Return (T, 64): the row of each word plus the mean of its pieces' rows."""
        place = self.words.weight.device
        words = torch.tensor([token.word for token in tokens]).to(place)
        pieces = torch.tensor([piece for token in tokens for piece in token.pieces]).to(place)
        starts = torch.tensor([0, *(len(token.pieces) for token in tokens[:-1])]).cumsum(0).to(place)
        spelled = functional.embedding_bag(pieces, self.pieces.weight, starts, mode="mean")
        return functional.embedding(words, self.words.weight) + spelled

    def forward(self, embedded: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map (B, T, 64) to (B, 96) unit vectors; `mask` is (B, T) bool, True at tokens, where T is padded."""
        near = functional.relu(self.neighbours(embedded.transpose(1, 2))).transpose(1, 2)
        x = self.context(embedded + near, None if mask is None else mask[:, None, None, :])
        x = self.norm(x)
        weights = self.weigh(x)
        if mask is not None:
            weights = weights.masked_fill(~mask[..., None], -torch.inf)
        weights = weights.softmax(dim=1)
        pooled = self.out(functional.relu(self.hidden((weights * x).sum(dim=1))))
        return functional.normalize(pooled, dim=-1)


class BundledModel(nn.Module):
    """Both towers and the two numbers that turn a cosine into a score.

    The score of a cell is `scale * cosine(cell, sentence) + bias`. It was trained as the logit of whether the
    cell holds what the sentence names, and the largest of a map as that of whether the picture does at all.
    """

    def __init__(self, folded: bool = True) -> None:
        super().__init__()
        self.image = BundledImageTower(folded)
        self.text = BundledTextTower()
        self.scale = nn.Parameter(torch.tensor(12.0))
        self.bias = nn.Parameter(torch.tensor(-4.0))
