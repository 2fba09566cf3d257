"""Token lists to sentence features: bounded, in batches that cannot be seen in the result. Knows no model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import torch

from medcutmix_cli.encoders.base import Query
from medcutmix_cli.encoders.runtime import Runtime

LONG_TEXT = ("refuse", "truncate")
"""What becomes of a sentence beyond the text limit: its pairs are rejected by name, or its end is cut and counted."""

BUCKET = 32
"""Lengths are padded up to multiples of this: a result may depend on the padding, never on the neighbours."""


def encode_texts(
    token_lists: Sequence[Sequence[int]],
    forward: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    runtime: Runtime,
    *,
    limit: int,
    long_text: str,
    padding: int,
    pad_to: int = 0,
) -> list[Query]:
    """Encode tokenised sentences.

    Args:
        token_lists: One list of token ids a sentence, marks of start and end included, not padded.
        forward: Takes ids (batch, length) int64 and mask (batch, length) int64, 1 = token; returns (batch, ...).
        runtime: Where it runs.
        limit: Longest list that the model takes.
        long_text: One of `LONG_TEXT`; a cut sentence keeps its end mark.
        padding: Token id that fills up.
        pad_to: Fixed length of all inputs (SigLIP); 0 pads to the next multiple of `BUCKET`, at most `limit`.

    Returns:
        A query for each sentence, in order; `features` is float32 numpy, what `forward` returns for one.
    """
    queries: list[Query | None] = [None] * len(token_lists)
    buckets: dict[int, list[int]] = defaultdict(list)
    for position, tokens in enumerate(token_lists):
        if len(tokens) > limit and long_text == "refuse":
            queries[position] = Query(None, refused="sentence-too-long")
        else:
            buckets[pad_to or _bucket(min(len(tokens), limit), limit)].append(position)
    for length, positions in sorted(buckets.items()):
        ids = torch.tensor([_padded(token_lists[p], limit, length, padding) for p in positions])
        counts = torch.tensor([min(len(token_lists[p]), limit) for p in positions])
        mask = (torch.arange(length)[None] < counts[:, None]).long()
        features = runtime.run(forward, ids, mask).numpy()
        for row, position in enumerate(positions):
            queries[position] = Query(features[row], cut_tokens=max(0, len(token_lists[position]) - limit))
    return [query for query in queries if query is not None]


def _bucket(length: int, limit: int) -> int:
    return min(limit, -(-length // BUCKET) * BUCKET)


def _padded(tokens: Sequence[int], limit: int, length: int, padding: int) -> list[int]:
    kept = list(tokens) if len(tokens) <= limit else [*tokens[: limit - 1], tokens[-1]]
    return kept + [padding] * (length - len(kept))
