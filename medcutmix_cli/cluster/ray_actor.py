"""What an actor of a Ray cluster does: hold a renderer, render the shard it is told by number, say how far it is.

Its answers are values, also where something went wrong: Ray writes the message of an exception to its logs, and a
message may quote a report. An ordinary class until `ray.remote` makes an actor of it; knows no other actor.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ray

import medcutmix_cli
from medcutmix_cli.assembly.opening import open_renderer
from medcutmix_cli.engines import Work
from medcutmix_cli.errors import Interruption, MedcutmixError, RunError
from medcutmix_cli.rendering.pair import Renderer
from medcutmix_cli.rendering.shard import render_shard
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.system.private_process import forbid_core_dumps
from medcutmix_cli.system.unexpected_errors import as_known_error

_UTIL: Any = ray.util  # without types
_MEMORY = "fewer --workers, fewer actors a node, or a smaller --canvas"
_ISSUES = "please report this line; `medcutmix --debug render RUN --engine local` prints where it arose"


@dataclass(frozen=True, slots=True)
class ActorProgress:
    """How far an actor is with what it does now: as `engines.Progress` takes it."""

    stage: str = ""
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class CallResult:
    """What an actor says when a call has ended.

    Attributes:
        node: Address of the machine it runs on.
        version: Of its medcutmix.
        error: What went wrong, None where nothing did.
    """

    node: str
    version: str
    error: MedcutmixError | None = None


class ShardActor:
    """Holds the renderer; one call renders one shard.

    Ray runs its methods in two threads: one renders, the other can ask how far it is, or ask it to stop.
    """

    def __init__(self, work: Work) -> None:
        # Warnings of libraries may quote what they read, and Ray keeps what a process prints in its logs.
        warnings.showwarning = _swallow
        logging.disable(logging.WARNING)
        forbid_core_dumps()
        self._work = work
        self._renderer: Renderer | None = None
        self._standing = ActorProgress()
        self._stopping = False

    def arrive(self) -> CallResult:
        """Say that the actor has been placed."""
        return _answer()

    def open(self) -> CallResult:
        """Build the renderer: the encoder and, where no task has made it yet, the calibration."""
        return self._guarded(self._open)

    def render(self, shard: int) -> CallResult:
        """Render one shard; whether it is complete is said by its state file alone."""
        return self._guarded(lambda: self._render(shard))

    def tell_progress(self) -> ActorProgress:
        """Say how far the running call is."""
        return self._standing

    def stop(self) -> None:
        """Leave the running call at the next pair, with nothing half-written."""
        self._stopping = True

    def _open(self) -> None:
        folder = RunFolder(self._work.out)
        if not folder.is_run():
            raise RunError(
                "this node does not see the run",
                where=str(self._work.out),
                hint="put it on a file system that all nodes of the cluster see under the same path",
            )
        folder.clean_temporaries()  # of an actor before this one that was killed here
        self._renderer = open_renderer(self._work, self._note)

    def _render(self, shard: int) -> None:
        if self._renderer is None:
            raise RunError(
                "the actor holds no renderer", hint="this is a fault of the program: please report it"
            )
        render_shard(self._renderer, shard, done=lambda count: self._note("rendering", count, 0))

    def _note(self, stage: str, done: int, total: int) -> None:
        self._standing = ActorProgress(stage, done, total)
        if self._stopping:
            raise Interruption("stopped")

    def _guarded(self, call: Callable[[], None]) -> CallResult:
        self._standing = ActorProgress()
        try:
            call()
        except Exception as error:  # noqa: BLE001 - nothing of it may reach Ray: its message may quote a report
            return _answer(as_known_error(error, memory=_MEMORY, unexpected=_ISSUES))
        return _answer()


def _answer(error: MedcutmixError | None = None) -> CallResult:
    node: str = _UTIL.get_node_ip_address()
    return CallResult(node, medcutmix_cli.__version__, error)


def _swallow(*_warning: object, **_stream: object) -> None:
    """Drop a warning."""
