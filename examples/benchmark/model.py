"""A small network for pictures, and a bag of words that knows what is denied. Knows no data set and no loss."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from medcutmix_cli.findings import CHEXPERT

BLOCKS = 4
"""Each but the last halves the grid."""

_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*|[.;:]")
_NO = frozenset({"no", "not", "without", "free", "negative", "absent", "never", "neither", "nor", "resolved"})
_ENDS = frozenset({".", ";", ":"})


def words(text: str) -> list[str]:
    """Cut a text into words; those of a sentence that denies something are marked, all of them alike.

    A bag of words forgets order, so that "no effusion" and "effusion" would be nearly one (the mark is that of
    Das and Chen, 2007, doi:10.1287/mnsc.1070.0704).
    """
    found: list[str] = []
    sentence: list[str] = []
    for word in [*_WORD.findall(text.lower()), "."]:
        if word in _ENDS:
            mark = "_no" if _NO & set(sentence) else ""
            found += [each + mark for each in sentence]
            sentence = []
        else:
            sentence.append(word)
    return found


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of the training texts; others are passed over."""

    numbers: dict[str, int]

    def bags(self, texts: Iterable[str]) -> list[list[int]]:
        """Return the numbers of the words of each text, 0 alone where it has none that is known."""
        known = self.numbers
        return [[known[word] for word in words(text) if word in known] or [0] for text in texts]


def vocabulary(texts: Iterable[str], least: int = 2) -> Vocabulary:
    """Return the words that come at least so often."""
    counts = Counter(word for text in texts for word in words(text))
    kept = sorted(word for word, count in counts.items() if count >= least)
    return Vocabulary({word: number for number, word in enumerate(kept, start=1)})


class PictureTower(nn.Module):
    """Four blocks, the last two of two convolutions; (B, 1, side, side) to (B, channels, side / 8, side / 8).

    States are kept channels last, in which convolutions of so few channels are several times as fast on a CPU.
    """

    def __init__(self, width: int, precision: str = "fp32") -> None:
        super().__init__()
        self.coarse = precision == "bf16"
        sizes = (1, width, 2 * width, 4 * width, 4 * width)
        self.blocks = nn.ModuleList(
            _block(sizes[k], sizes[k + 1], 2 if k < BLOCKS - 1 else 1, 1 if k < 2 else 2)
            for k in range(BLOCKS)
        )
        self.channels = sizes[-1]
        self.to(memory_format=torch.channels_last)

    def until(self, pictures: torch.Tensor, layer: int) -> torch.Tensor:
        """Return the states behind `layer` blocks, float32."""
        return self._through(pictures, 0, layer)

    def onwards(self, states: torch.Tensor, layer: int) -> torch.Tensor:
        """Go on from the states behind `layer` blocks to those of the last, float32."""
        return self._through(states, layer, BLOCKS)

    def _through(self, states: torch.Tensor, first: int, last: int) -> torch.Tensor:
        states = states.contiguous(memory_format=torch.channels_last)
        with torch.autocast(states.device.type, torch.bfloat16, enabled=self.coarse):
            for block in list(self.blocks)[first:last]:
                states = block(states)
        return states.float()


def _block(given: int, out: int, stride: int, convolutions: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number in range(convolutions):
        first = number == 0
        convolution = nn.Conv2d(
            given if first else out, out, 3, stride if first else 1, padding=1, bias=False
        )
        layers += [convolution, nn.BatchNorm2d(out), nn.ReLU()]
    return nn.Sequential(*layers)


def pooled(states: torch.Tensor) -> torch.Tensor:
    """Return the mean and the peak of each channel, (B, 2 * channels): small lesions are in the peak."""
    return torch.cat([states.mean((2, 3)), states.amax((2, 3))], dim=1)


class Classifier(nn.Module):
    """States of the last block to 14 logits."""

    def __init__(self, width: int, precision: str = "fp32") -> None:
        super().__init__()
        self.tower = PictureTower(width, precision)
        self.head = nn.Linear(2 * self.tower.channels, len(CHEXPERT))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return (B, 14)."""
        return self.head(pooled(states))


class Contrastive(nn.Module):
    """Pictures and texts in one space."""

    def __init__(self, width: int, embedding: int, known: Vocabulary, precision: str = "fp32") -> None:
        super().__init__()
        self.known = known
        self.tower = PictureTower(width, precision)
        self.project = nn.Linear(2 * self.tower.channels, embedding)
        self.bag = nn.EmbeddingBag(len(known.numbers) + 1, 2 * embedding, mode="mean")
        self.mix = nn.Sequential(nn.ReLU(), nn.Linear(2 * embedding, embedding))
        self.scale = nn.Parameter(torch.tensor(2.3))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return (B, embedding) of length 1, from the states of the last block."""
        return functional.normalize(self.project(pooled(states)), dim=1)

    def cells(self, states: torch.Tensor) -> torch.Tensor:
        """Return the embedding of each cell, (B, grid, grid, embedding) of length 1: as if all cells were like it."""
        each = states.permute(0, 2, 3, 1)
        return functional.normalize(self.project(torch.cat([each, each], dim=3)), dim=3)

    def texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Return (B, embedding) of length 1."""
        return self.bagged(self.known.bags(texts))

    def bagged(self, bags: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the embeddings of texts whose words are numbered already."""
        device = self.scale.device
        flat = torch.tensor([number for bag in bags for number in bag], device=device)
        starts = torch.tensor([0, *(len(bag) for bag in bags[:-1])], device=device).cumsum(0)
        return functional.normalize(self.mix(self.bag(flat, starts)), dim=1)
