"""A group of pictures and what each is asked, answered on the device: scores come back, nothing else. Knows no model.

A score may not depend on what else is in the group. So batches are filled up (`runtime`), and sentences are scored in
blocks of one size: the same kernels run whoever is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from medcutmix_cli.encoders.geometry import Window
from medcutmix_cli.encoders.runtime import Batch, Forward, Runtime, fill_up
from medcutmix_cli.records import Placement

BLOCK = 64
"""Sentences in one product; the last block is filled up."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What the pictures of a batch are asked.

    Attributes:
        features: Of each sentence once, as the encoder made them.
        pairs: (number of the picture in the batch, number of the sentence), picture by picture.
    """

    features: list[Any]
    pairs: list[tuple[int, int]]

    @classmethod
    def of(cls, asked: Sequence[Sequence[Any]]) -> Questions:
        """Number the sentences of some pictures; one that several pictures are asked is one object."""
        unique = {id(features): features for own in asked for features in own}
        numbers = {key: number for number, key in enumerate(unique)}
        pairs = [(picture, numbers[id(one)]) for picture, own in enumerate(asked) for one in own]
        return cls(list(unique.values()), pairs)


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a batch is scored.

    Attributes:
        inputs: Tensors that go to the device with the batch.
        score: Takes what the network made of the pictures, and those; returns (pairs, cells) float32.
    """

    inputs: list[Tensor]
    score: Callable[..., Tensor]


def as_cells(seen: Tensor | None) -> npt.NDArray[np.float32]:
    """Return what a network made of a picture as numpy, (0, 0) where that was left on the device."""
    return np.empty((0, 0), np.float32) if seen is None else seen.numpy()


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What comes back of one picture.

    Attributes:
        scores: (cells,) float32 for each sentence it was asked, in order.
        seen: What the network made of it, None where that was left on the device.
    """

    scores: list[npt.NDArray[np.float32]]
    seen: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Readout:
    """How an encoder reads pictures.

    Attributes:
        network: Takes (batch, ...) pixels on the device; returns (batch, ...).
        scorer: How what it returns is scored.
        gradients: Whether the scorer needs them.
        rounded: Whether it runs in the precision that was asked for; else in float32.
    """

    network: Forward
    scorer: Callable[[Questions], Scoring]
    gradients: bool = False
    rounded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture as a network takes it.

    Attributes:
        pixels: What goes in, without the axis of the batch.
        window: The part of the canvas that is seen.
        placement: Where the picture lies on it.
    """

    pixels: Tensor
    window: Window
    placement: Placement


def products(questions: Questions) -> Scoring:
    """Score unit vectors (batch, cells, d) by their products with (d,) sentences: one matrix product a block."""
    rows = torch.from_numpy(np.stack(questions.features))
    padded = torch.cat([rows, rows.new_zeros(-len(rows) % BLOCK, rows.shape[1])])
    return Scoring([padded, torch.tensor(questions.pairs)], _products)


def _products(seen: Tensor, sentences: Tensor, pairs: Tensor) -> Tensor:
    blocks = [seen @ block.T for block in torch.split(sentences, BLOCK)]
    return torch.cat(blocks, dim=-1).transpose(1, 2)[pairs[:, 0], pairs[:, 1]]


def answer(
    runtime: Runtime,
    readout: Readout,
    pixels: Tensor,
    asked: Sequence[Sequence[Any]],
    *,
    keep: bool = False,
) -> list[Answer]:
    """Run a network over pictures and score each for its own sentences.

    Args:
        runtime: Where it runs.
        readout: Which network, and how it is read.
        pixels: (n, ...) on the CPU, n >= 1.
        asked: For each picture what the encoder made of its sentences; may be empty.
        keep: Whether what the network made of the pictures comes back too.
    """

    def batch(part: slice, size: int) -> Batch:
        questions = Questions.of(asked[part])
        scoring = readout.scorer(questions) if questions.pairs else None
        kept = len(asked[part]) if keep else 0

        def compute(given: Tensor, *there: Tensor) -> list[Tensor]:
            seen = readout.network(given).float()
            with nullcontext() if readout.rounded else runtime.in_full():
                scores = [scoring.score(seen, *there)] if scoring else []
            return [*scores, *([seen[:kept]] if kept else [])]

        return Batch([fill_up(pixels[part], size), *(scoring.inputs if scoring else [])], compute)

    answers: list[Answer] = []
    for part, results in runtime.run_batches(len(pixels), batch, gradients=readout.gradients):
        answers += _answers(results, asked[part], keep=keep)
    return answers


def _answers(results: list[Tensor], asked: Sequence[Sequence[Any]], *, keep: bool) -> Iterator[Answer]:
    seen: Iterable[Tensor | None] = results[-1] if keep else repeat(None)
    rows = iter(results[0].numpy() if any(asked) else ())
    for own, kept in zip(asked, seen, strict=False):
        yield Answer(list(islice(rows, len(own))), kept)
