"""What an epoch of originals with a share of mixes waits for on a slow disk: `python -m tests.benchmarks.slow_disk`.

Makes a run of originals and one of mixes, with pictures of 150 kB that are never decoded, and reads one epoch as each
of four `DataLoader` workers would, one after the other. Opening a file waits, and so does each read: of a disk in a
network. Writes SLOW_DISK.md.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from medcutmix_cli.loader import (
    IterableMixedPairs,
    MixedPairs,
    MixShareSampler,
    MixShareStream,
    mix_share_stream,
    rows,
    streaming,
)
from tests.loader.mixes import as_it_is
from tests.run_folders import make_row, write_run

HERE = Path(__file__).resolve().parent
OPENING, READING, WORKERS, BATCH = 0.010, 0.002, 4, 20
COLUMNS = ("image", "report", "label_w", "pair_id")
done: Counter[str] = Counter()


class SlowFile(io.FileIO):
    """A file that waits when it is opened, and at each read."""

    def __init__(self, path: Path) -> None:
        done["opened"] += 1
        time.sleep(OPENING)
        super().__init__(path, "r")

    def read(self, size: int | None = -1) -> bytes:
        time.sleep(READING)
        found = super().read(size)
        done.update(reads=1, bytes=len(found))
        return found


@contextmanager
def slow_disk() -> Iterator[None]:
    """Let the loader read through slow files, and decode nothing."""
    opened = pq.ParquetFile

    def open_slowly(path: Path, **how: Any) -> pq.ParquetFile:
        return opened(SlowFile(path), **how)

    places = [(rows.pq, "ParquetFile", open_slowly)]
    places += [(module, "to_pair", lambda row, _dtype: row) for module in (streaming, mix_share_stream)]
    kept = [(module, name, getattr(module, name)) for module, name, _ in places]
    for module, name, other in places:
        setattr(module, name, other)
    try:
        yield
    finally:
        for module, name, before in kept:
            setattr(module, name, before)


def make_runs(folder: Path, shards: int) -> list[Path]:
    """Write originals and as many mixes, 500 a shard."""
    picture = {"image": {"bytes": np.random.default_rng(0).bytes(150_000), "path": None}}
    numbers = [range(500 * shard, 500 * (shard + 1)) for shard in range(shards)]
    kept = tuple([as_it_is(n) | picture for n in own] for own in numbers)
    mixed = tuple([make_row(n, study_id_a=str(n)) | picture for n in own] for own in numbers)
    return [write_run(folder / "originals", kept), write_run(folder / "run", mixed)]


def sampled(pairs: MixedPairs[Any], number: int) -> Iterator[object]:
    """Read the batches that a worker gets of the sampler."""
    for place, batch in enumerate(MixShareSampler(pairs, BATCH)):
        if place % WORKERS == number:
            yield from (pairs.row(k) for k in batch)


def streamed(stream: MixShareStream[Any] | IterableMixedPairs[Any], number: int) -> Iterator[object]:
    """Read what a worker reads of a stream."""
    for module in (streaming, mix_share_stream):
        module.worker_place = lambda: (number, WORKERS)  # type: ignore[attr-defined]
    yield from stream


def timed(name: str, make: Any, read: Any) -> str:
    """Read an epoch, worker by worker; the slowest is what a training waits for."""
    made = make()
    done.clear()
    seconds = []
    for number in range(WORKERS):
        began = time.perf_counter()
        for _ in read(made, number):
            pass
        seconds.append(time.perf_counter() - began)
    return f"| {name} | {done['opened']:,} | {done['reads']:,} | {done['bytes'] / 1e6:,.0f} MB | {max(seconds):.1f} s |"


def measure(folder: Path, shards: int) -> list[str]:
    """Make the runs and read them in each way."""
    source = make_runs(folder, shards)
    with slow_disk():
        pairs = MixedPairs(source, columns=COLUMNS)
        return [
            timed("`MixShareSampler`", lambda: MixedPairs(source, columns=COLUMNS), sampled),
            timed("`MixShareStream`", lambda: MixShareStream(pairs, BATCH), streamed),
            timed(
                "originals alone, `IterableMixedPairs`",
                lambda: IterableMixedPairs(source[0], columns=COLUMNS),
                streamed,
            ),
        ]


def main() -> None:
    """Measure, print, and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=8)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        table = measure(Path(temporary), chosen.shards)
    lines = [
        "# Originals with a tenth of mixes, from a slow disk",
        "",
        f"`python -m tests.benchmarks.slow_disk --shards {chosen.shards}`: {500 * chosen.shards:,} originals and as",
        f"many mixes, pictures of 150 kB; opening a file waits {1000 * OPENING:.0f} ms, each read",
        f"{1000 * READING:.0f} ms. One epoch of batches of {BATCH},",
        f"{WORKERS} workers, one after the other; last the slowest of them.",
        "",
        "| read by | files opened | reads | read | a worker |",
        "|---|---|---|---|---|",
        *table,
    ]
    (HERE / "SLOW_DISK.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
