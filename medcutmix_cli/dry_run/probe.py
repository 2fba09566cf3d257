"""Render a few pairs of a plan in a folder that goes again: what they take says what all of them will take.

Knows a run folder and an engine; what is made of the figures is told elsewhere.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from medcutmix_cli.engines import Engine, ParallelEngine, Progress, Work
from medcutmix_cli.errors import RunError
from medcutmix_cli.records import Pair
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_plan, read_shard, shard_sizes, write_plan
from medcutmix_cli.run.run_record import read_run, write_run
from medcutmix_cli.run.shard_state import ShardState, read_state
from medcutmix_cli.system.storage_errors import explain_storage_errors
from medcutmix_cli.system.temporary_files import remove_abandoned, temporary_beside

WARM_UP = 4
"""Pairs rendered before the clock counts pairs: the first ones load models and find nothing in any cache."""

TIMED_SHARD, FIRST_SHARD = 0, 1
"""Of the scratch run: the timed pairs come first in its plan, since only its last shard may be smaller."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What some pairs of a plan took.

    Attributes:
        pairs: How many were timed.
        pictures: Different ones they are mixed from: each is decoded and encoded once a shard.
        written: Of them (likewise rejected and failed, by reason).
        bytes: Size of the shard they made.
        seconds: Wall time of these pairs alone, with all threads that the engine gives one shard.
        start_seconds: Wall time before the first of them: engine, encoder, and the gate's calibration where the
            run has none yet. Python's own start is not in it.
        device: Where the encoder ran.
        unmixed: How many of the written ones are studies as they are.
    """

    pairs: int
    pictures: int
    written: int
    rejected: dict[str, int]
    failed: dict[str, int]
    bytes: int
    seconds: float
    start_seconds: float
    device: str
    unmixed: int = 0

    @property
    def mixes_tried(self) -> int:
        """Mixes among the timed pairs, whatever became of them."""
        return self.pairs - self.unmixed


def render_probe(
    source: RunFolder, engine: Engine, work: Work, wanted: int, scratch: Path, progress: Progress | None
) -> Probe:
    """Render `wanted` pairs of those that `work` still has to do.

    Args:
        source: Run folder with the plan; it stays as it is.
        engine: Renders them, as it would render the rest.
        work: What it would be asked to do.
        wanted: At least 1; all pairs of `work` where it has fewer.
        scratch: Empty folder for the probe's own run.
        progress: Called with ("calibrating" or "probing", done, total).

    Raises:
        MedcutmixError: Whatever would stop the engine.
    """
    total = sum(work.pairs)
    timed = spread(total, wanted)
    others = set(range(min(total, len(timed) + WARM_UP))).difference(timed)
    first = sorted(others or timed)[:WARM_UP]
    pairs = [*_pairs(source, work, timed), *_pairs(source, work, first)]
    folder = _scratch_run(source, scratch, pairs, len(timed))
    began = time.monotonic()
    order = replace(
        work,
        out=folder.root.resolve(),
        shards=(FIRST_SHARD, TIMED_SHARD),
        pairs=(len(first), len(timed)),
    )
    alone = engine.one_at_a_time() if isinstance(engine, ParallelEngine) else engine
    alone.render(order, _as_probing(progress))
    wall = time.monotonic() - began
    return _measured(folder, wall, len(first))


def spread(total: int, wanted: int) -> tuple[int, ...]:
    """Choose positions in [0, total): short stretches of neighbours, evenly spread: 16 of 2 pairs, 32 of 4, 64 of 8.

    Neighbours share pictures, as in a real shard; but they also share their finding and what is amiss with a
    picture, so that many places are needed to learn how many pairs are rejected (on 104 pairs of the sample, 32
    pairs said so within 11 % in stretches of 1 or 2, within 30 % in stretches of 4 or 8).
    """
    chosen = min(total, wanted)
    stretches = max(1, round(chosen / max(2.0, math.sqrt(chosen / 8))))
    positions: list[int] = []
    for part in range(stretches):
        left_out = (2 * part + 1) * (total - chosen) // (2 * stretches)
        inside = range(part * chosen // stretches, (part + 1) * chosen // stretches)
        positions += [left_out + step for step in inside]
    return tuple(positions)


def _pairs(source: RunFolder, work: Work, positions: Iterable[int]) -> Iterator[Pair]:
    """Yield the pairs at some positions, ascending, among those that `work` has still to do."""
    wanted, before = set(positions), 0
    for shard, size in zip(work.shards, work.pairs, strict=True):
        here = sorted(wanted.intersection(range(before, before + size)))
        if here:
            pairs = read_plan(source.plan_file, shard)
            yield from (pairs[position - before] for position in here)
        before += size


def _scratch_run(source: RunFolder, root: Path, pairs: list[Pair], timed: int) -> RunFolder:
    """Make a run of some pairs that is to every engine the same run: same fingerprint, same calibration."""
    folder = RunFolder(root)
    record = replace(read_run(source), shards=shard_sizes(len(pairs), timed))
    with explain_storage_errors(root):
        folder.create()
        write_plan(folder.plan_file, pairs, timed)
        for name in ("nulls_file", "calibration_file"):
            if getattr(source, name).is_file():
                shutil.copyfile(getattr(source, name), getattr(folder, name))
        write_run(folder, record)
    return folder


def _as_probing(progress: Progress | None) -> Progress | None:
    if progress is None:
        return None
    report = progress
    return lambda stage, done, total: report("probing" if stage == "rendering" else stage, done, total)


def _state(folder: RunFolder, shard: int) -> ShardState:
    state = read_state(folder, shard)
    if state is None:
        raise RunError(
            "the probe left no shard behind",
            where=str(folder.root),
            hint="does every process of the engine see this folder?",
        )
    return state


def _measured(folder: RunFolder, wall: float, first: int) -> Probe:
    """Split the wall time: what is not pairs is start-up; the first pairs count as pairs at the speed of the rest."""
    state = _state(folder, TIMED_SHARD)
    pairs_before = first * state.seconds / state.planned
    return Probe(
        pairs=state.planned,
        pictures=pictures_of(folder, TIMED_SHARD),
        written=state.written,
        rejected=state.rejected,
        failed=state.failed,
        bytes=state.bytes,
        seconds=state.seconds,
        start_seconds=round(max(0.0, wall - state.seconds - pairs_before), 3),
        device=state.device,
        unmixed=state.unmixed,
    )


def pictures_of(folder: RunFolder, shard: int) -> int:
    """Count the different pictures of a shard; reads no report.

    Raises:
        RunError: The plan has no such shard, or is damaged.
    """
    columns = ["recipient.image_path", "donor.image_path"]
    table = read_shard(folder.plan_file, shard, columns)
    return len({parent["image_path"] for name in table.column_names for parent in table[name].to_pylist()})


def home_of(out: Path) -> Path:
    """Return the folder in which a scratch folder lies on the disk of `out`: beside it, or above while it is not there.

    Where `out` is a disk of its own (mounted there), or nothing can be written beside it, that is `out` itself.

    Raises:
        RunError: Nothing could be written to `out`.
    """
    out = out.resolve()
    with explain_storage_errors(out):
        if not out.is_dir():
            return _nearest(out)
        if not os.access(out, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(out))
    apart = out.stat().st_dev != out.parent.stat().st_dev
    return out if apart or not os.access(out.parent, os.W_OK | os.X_OK) else out.parent


def _nearest(out: Path) -> Path:
    above = next(folder for folder in out.parents if folder.exists())
    if not above.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(out))
    return above


@contextmanager
def scratch_folder(home: Path) -> Iterator[Path]:
    """Make a hidden folder that only its owner can read; it goes again, also on an error or a signal.

    Raises:
        RunError: It cannot be made.
    """
    remove_abandoned(home, ".medcutmix*.dryrun.*.tmp")
    with temporary_beside(home / f"medcutmix{next(_NUMBERS)}.dryrun") as folder:
        with explain_storage_errors(home):
            folder.mkdir(mode=0o700)
        try:
            yield folder
        except RunError as error:
            if Path(error.where).is_relative_to(folder):
                raise RunError(error.what, where=str(home), hint=_TRIED_THERE) from error
            raise
        finally:
            shutil.rmtree(folder)


_TRIED_THERE = (
    "a dry run renders a few pairs there, and nothing stays behind: make space, or choose another place"
)


_NUMBERS = count()
"""One process may make several at once."""


def peak_memory() -> int | None:
    """Return the most memory this process has held so far, bytes; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
