"""What every engine is handed, and the one method it has. An engine holds no logic of its own.

An engine says where shards are rendered: in this process (`local`), or by actors of a Ray cluster (`ray`). A Slurm
array needs none: its tasks are `medcutmix render --task R --num-tasks N`. Whatever the engine, a shard is rendered by
`rendering.shard.render_shard`, and complete when its state file lies in the run folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total); total 0 where it is unknown."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is still to be done: small enough to be sent anywhere. Holds no picture, no report and no file of a shard.

    Attributes:
        out: Run folder; every process that works on it must see it under this path.
        fingerprint: Of the run, so that a process that sees another folder there notices.
        shards: Numbers of the shards to render.
        pairs: Planned pairs of each of them, in the same order.
        changes: Settings that are other than the plan's, by dotted name: where things are now, and how many work.
        retry_failed: Whether the shards include complete ones in which pairs failed.
    """

    out: Path
    fingerprint: str
    shards: tuple[int, ...]
    pairs: tuple[int, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)
    retry_failed: bool = False


class Engine(Protocol):
    """Where shards are rendered. A plugin: a frozen dataclass whose fields are its options (`--engine-option`).

    Attributes:
        in_this_process: Whether it renders here: then what it needs can be looked at before, and its memory after.
    """

    in_this_process: ClassVar[bool]

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
