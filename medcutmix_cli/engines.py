"""What every engine is handed, and the one method it has. An engine holds no logic of its own.

An engine says where shards are rendered: in this process (`local`), or by actors of a Ray cluster (`ray`). A Slurm
array needs none: its tasks are `medcutmix render --task R --num-tasks N`. Whatever the engine, a shard is rendered by
`rendering.shard.render_shard`, and complete when its state file lies in the run folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol, TypedDict, runtime_checkable

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); total 0 where it is unknown."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are now; None where they are as the plan says.

    Attributes:
        dataset: Root of the data set.
        reports: Of the reports.
        unpaired: Root of the unpaired data set.
        weights: Of the encoder.
        device: Where the encoder runs.
        stage_dir: Folder on a fast local disk into which pictures are copied before they are read; "" for none.
    """

    dataset: str | Path | None = None
    reports: str | Path | None = None
    unpaired: str | Path | None = None
    weights: str | Path | None = None
    device: str | None = None
    stage_dir: str | Path | None = None

    def with_paths(self, change: Callable[[str | Path], Path]) -> Places:
        """Return the same places with every path changed; a device is no path."""
        paths = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "device"}
        changed: dict[str, Any] = {name: change(path) for name, path in paths.items() if path}
        return replace(self, **changed)


class Moved(TypedDict, total=False):
    """The fields of `Places` as keyword arguments of whatever works on a planned run; None means not given."""

    dataset: str | Path | None
    reports: str | Path | None
    unpaired: str | Path | None
    weights: str | Path | None
    device: str | None
    stage_dir: str | Path | None


@dataclass(frozen=True, slots=True)
class Work:
    """What is still to be done: small enough to be sent anywhere. Holds no picture, no report and no file of a shard.

    Attributes:
        out: Run folder; every process that works on it must see it under this path.
        fingerprint: Of the run, so that a process that sees another folder there notices.
        shards: Numbers of the shards to render.
        pairs: Planned pairs of each of them, in the same order.
        places: Where things are now.
        workers: Threads a process; 0 means the plan's setting, and that means the CPUs it may use.
        retry_failed: Whether the shards include complete ones in which pairs failed.
    """

    out: Path
    fingerprint: str
    shards: tuple[int, ...]
    pairs: tuple[int, ...]
    places: Places
    workers: int
    retry_failed: bool = False


class Engine(Protocol):
    """Where shards are rendered. A plugin: a frozen dataclass whose fields are its options (`--engine-option`)."""

    def render(self, work: Work, progress: Progress | None) -> None:
        """Render every shard of `work`; return when all are complete.

        Calls `progress` with ("rendering", pairs done, pairs of `work`), in the thread that called it.

        Raises:
            MedcutmixError: A shard cannot be rendered. Complete ones stay, and the same call goes on.
        """


@runtime_checkable
class ParallelEngine(Protocol):
    """What an engine has besides that renders several shards at the same time: an estimate asks for it."""

    def at_once(self, work: Work) -> int:
        """Return how many shards of `work` it would render at the same time, now."""

    def one_at_a_time(self) -> Engine:
        """Return the same engine, rendering one shard after the other in one place."""
