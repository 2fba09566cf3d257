"""One rank of a real process group, which trains on each kind of data set and takes down what it saw."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.utils.data import DataLoader

from medcutmix_cli.loader import IterableMixedPairs, MixedPairs, MixShareSampler, MixShareStream, collate

COLUMNS = ("lam", "pair_id")
BATCH, EPOCH, BEFORE = 8, 3, 2
WORKERS = (0, 2)
Training = tuple[Iterable[Any], Callable[[int], None]]


def read_as_rank(rank: int, ranks: int, sources: list[str], out: str) -> None:
    """Join the group, train over everything, and write `OUT/rank-N.json`: name -> workers -> whole, rest."""
    group = f"file://{out}/group"
    torch.set_num_threads(1)
    # Before the group is there, as in the `__init__` of a Lightning data module.
    made = [
        (make.__name__, workers, make(sources, workers))
        for make in (stream, sampler, share)
        for workers in WORKERS
    ]
    distributed.init_process_group("gloo", group, timedelta(seconds=120), ranks, rank)
    seen: dict[str, dict[str, Any]] = {"stream": {}, "sampler": {}, "share": {}}
    for name, workers, (loader, set_epoch) in made:
        seen[name][str(workers)] = train(loader, set_epoch)
    distributed.destroy_process_group()
    (Path(out) / f"rank-{rank}.json").write_text(json.dumps(seen))


def how(workers: int) -> dict[str, Any]:
    """Return what a `DataLoader` is told of its workers."""
    context = {"multiprocessing_context": "fork", "persistent_workers": True} if workers else {}
    return {"collate_fn": collate, "num_workers": workers, **context}


def stream(sources: list[str], workers: int) -> Training:
    """Read a filtered stream."""
    pairs = IterableMixedPairs(sources, columns=COLUMNS, split="train", drop_uneven=True, seed=1)
    loader = DataLoader(pairs, batch_size=BATCH, **how(workers))
    return loader, (lambda done: pairs.set_epoch(EPOCH, batches_done=done, batch_size=BATCH))


def sampler(sources: list[str], workers: int) -> Training:
    """Read the batches of a sampler."""
    pairs = MixedPairs(sources, columns=COLUMNS)
    batches = MixShareSampler(pairs, BATCH, share=0.25, seed=1)
    loader = DataLoader(pairs, batch_sampler=batches, **how(workers))
    return loader, (lambda done: batches.set_epoch(EPOCH, batches_done=done))


def share(sources: list[str], workers: int) -> Training:
    """Read a stream with a share of mixes."""
    batches = MixShareStream(MixedPairs(sources, columns=COLUMNS), BATCH, share=0.25, seed=1)
    loader = DataLoader(batches, batch_size=None, **how(workers))
    return loader, (lambda done: batches.set_epoch(EPOCH, batches_done=done))


def train(loader: Iterable[Any], set_epoch: Callable[[int], None]) -> dict[str, list[list[str]]]:
    """Train over a whole epoch, and over what is left of it after some batches: each step waits for all ranks."""
    found = {}
    for name, done in (("whole", 0), ("rest", BEFORE)):
        set_epoch(done)
        found[name] = [step(batch) for batch in loader]
    return found


def step(batch: Any) -> list[str]:
    """Wait for all ranks, as a step of `DistributedDataParallel` does; return the ids of the rows."""
    distributed.all_reduce(batch["lam"].mean())
    return [row["pair_id"] for row in batch["row"]]
