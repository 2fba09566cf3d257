"""What the state file of a shard says, which is there when the shard is complete, and how often one was begun."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.row_counts import to_row_counts
from medcutmix_cli.run.seals import read_sealed, seal_json, write_sealed

CORRUPT_JPEG_KEPT = "corrupt-jpeg-kept"
"""Name under which pictures of written pairs are counted that libjpeg calls corrupt: one for each pair it went into."""

NEIGHBOUR_UNMAPPED = "neighbour-unmapped"
"""Name under which pairs are counted that a guard could not look after: a neighbour's sentence has no map."""


@dataclass(frozen=True, slots=True)
class ShardState:
    """What a state file says of a complete shard.

    Attributes:
        rejected: Pairs refused by a rule of the method, by reason (likewise failed: by "stage:reason").
        seconds: Wall time of the rendering that completed it.
        device: Where the encoder ran.
        attempts: How many renderings it took.
        notes: What a user should know, by name ("sentence-truncated", "batch-halved"), counted.
        calibration: Hash of the calibration file it was gated by, "" without a gate.
        failures: Hash of its failure list, "" where an earlier version wrote it.
        unmixed: How many of the written rows are studies as they are.
        encoder_seconds: For how much of that time the encoder's device computed; on a CPU, which share of all workers'
            time they asked it. 0 where an earlier version wrote it (likewise worker_seconds: for how much of it the
            workers worked, files and decoders included, on average over them).
        counts: `RowCounts` of the written rows as a dict: the shape of a run is told of them; empty where an earlier
            version wrote it.
    """

    shard: int
    planned: int
    written: int
    rejected: dict[str, int]
    failed: dict[str, int]
    sha256: str
    bytes: int
    seconds: float
    device: str
    attempts: int
    notes: dict[str, int] = field(default_factory=dict)
    calibration: str = ""
    failures: str = ""
    unmixed: int = 0
    encoder_seconds: float = 0.0
    worker_seconds: float = 0.0
    counts: dict[str, Any] = field(default_factory=dict)


def state_text(state: ShardState) -> str:
    """Return the text of a state file, with its seal."""
    return seal_json(asdict(state))


def read_state(folder: RunFolder, shard: int) -> ShardState | None:
    """Return the state of a shard, None where it is not complete."""
    path = folder.state_file(shard)
    if not path.is_file():
        return None
    try:
        return _plausible(ShardState(**read_sealed(path)), shard)
    except (ValueError, TypeError, AttributeError) as error:
        hint = "remove it; the shard will be rendered again"
        raise RunError("a state file cannot be read", where=str(path), hint=hint) from error


def read_complete(folder: RunFolder, shard: int) -> ShardState | None:
    """Return the state of a shard whose file is there as it was written, by its size; None where it must be rendered.

    A shard that was lost or cut short is rendered again, although its state file says that it was complete.
    """
    state = read_state(folder, shard)
    path = folder.shard_file(shard)
    whole = state is not None and path.is_file() and path.stat().st_size == state.bytes
    return state if whole else None


def begin_attempt(folder: RunFolder, shard: int) -> int:
    """Count one more rendering of a shard, so that one that is killed again and again is seen.

    A shard that was complete is so no longer: while it is rendered again, no state file may speak of the old one.

    Returns:
        How many there have been, this one included.
    """
    state = read_state(folder, shard)
    attempts = max(read_attempts(folder, shard), state.attempts if state else 0) + 1
    write_sealed(folder.attempts_file(shard), {"attempts": attempts})
    folder.state_file(shard).unlink(missing_ok=True)
    return attempts


def read_attempts(folder: RunFolder, shard: int) -> int:
    """Return how often a shard that is not complete has been begun."""
    try:
        said = json.loads(folder.attempts_file(shard).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0
    number = (
        said.get("attempts") if isinstance(said, dict) else said
    )  # an earlier version wrote the number alone
    return number if isinstance(number, int) else 0


def least_begun_first(folder: RunFolder, shards: Iterable[int], *, retry_failed: bool) -> tuple[int, ...]:
    """Return the shards that are to be rendered: one that ends whoever renders it must not stand before the others."""
    begun: list[tuple[int, int]] = []
    for shard in shards:
        state = read_complete(folder, shard)
        if state is None:
            begun.append((read_attempts(folder, shard), shard))
        elif retry_failed and state.failed:
            begun.append((state.attempts, shard))
    return tuple(shard for _times, shard in sorted(begun))


def _plausible(state: ShardState, shard: int) -> ShardState:
    numbers = (
        state.shard,
        state.planned,
        state.written,
        state.bytes,
        *state.rejected.values(),
        *state.failed.values(),
    )
    if state.shard != shard or not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError("numbers that cannot be")
    to_row_counts(state.counts)
    return state
