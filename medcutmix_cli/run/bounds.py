"""What rendering waited for: how busy the encoder and the workers were, and what would make it faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medcutmix_cli.run.shard_state import ShardState

BUSY = 0.85
"""From this share of the time on, something is taken for what rendering waits for."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds the speed of the complete shards.

    Attributes:
        encoder: Share of the rendering time in which the encoder was busy: on a GPU, in which it computed; on a CPU,
            what the encoder took of the workers' time.
        workers: Share of the workers' time in which they worked: read, decoded, mixed, encoded where that is a CPU.
        encoder_pairs: Pairs a second that the encoder alone would do; None where it was never busy.
        worker_pairs: Pairs a second that as many workers alone would do.
        helps: What would make it faster.
    """

    encoder: float
    workers: float
    encoder_pairs: float | None
    worker_pairs: float | None
    helps: str


def find_bounds(states: Sequence[ShardState]) -> Bounds | None:
    """Return what bounded the rendering of some shards; None where none of them was timed."""
    timed = [state for state in states if state.worker_seconds]
    if not timed:
        return None
    seconds, pairs = sum(state.seconds for state in timed), sum(state.planned for state in timed)
    encoder = sum(state.encoder_seconds for state in timed)
    workers = sum(state.worker_seconds for state in timed)
    shares = min(1.0, encoder / seconds), min(1.0, workers / seconds)
    on_device = any(state.device != "cpu" for state in timed)
    return Bounds(
        round(shares[0], 3),
        round(shares[1], 3),
        round(pairs / encoder, 1) if encoder else None,
        round(pairs / workers, 1),
        _helps(*shares, on_device=on_device),
    )


def _helps(encoder: float, workers: float, *, on_device: bool) -> str:
    if on_device and encoder >= BUSY:
        return "a lower --precision, a larger --batch-size or more GPUs would help"
    if workers >= BUSY:
        dear = not on_device and encoder > workers / 2
        return "a GPU, or more CPU workers, would help" if dear else "more CPU workers would help"
    return "neither was the limit: larger shards would help"
