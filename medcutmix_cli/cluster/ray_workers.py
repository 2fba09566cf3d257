"""The actors of a run and the shards they still have to render: hand out, listen, replace who has died.

Believes no actor: a shard is done when its state file says so. Knows no encoder and no pixel.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

import ray

import medcutmix_cli
from medcutmix_cli.cluster.ray_actor import ActorProgress, CallResult, ShardActor
from medcutmix_cli.cluster.ray_request import ActorRequest
from medcutmix_cli.cluster.ray_session import alive_nodes, free_resources
from medcutmix_cli.engines import Progress, Work
from medcutmix_cli.errors import RunError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shard_state import ShardState, read_complete

MAX_DEATHS = 3
"""How often one shard may end the actor that renders it: once may be the node, three times is the shard."""

_LISTEN_SECONDS = 1.0
_STOP_SECONDS = 5.0
_LATE_SECONDS = 60.0
"""How long the file of another machine may take to be seen here: NFS keeps what it knows of a folder for that long."""


@dataclass(frozen=True, slots=True)
class PendingCall:
    """What an actor was asked for, and has not answered yet.

    Attributes:
        actor: Its handle.
        method: "arrive", "open" or "render".
        shard: To be rendered, -1 for the other methods.
    """

    actor: Any
    method: str
    shard: int = -1


class RayWorkers:
    """Renders the shards of some work.

    Args:
        work: As every actor gets it.
        request: How many actors, how large.
        patience_s: How long to wait while no actor has been placed.
        progress: Called after each answer, and each second.
    """

    def __init__(
        self, work: Work, request: ActorRequest, patience_s: float, progress: Progress | None
    ) -> None:
        self._work, self._request, self._patience = work, request, patience_s
        self._progress = progress or (lambda _stage, _done, _total: None)
        self._folder = RunFolder(work.out)
        self._pairs = dict(zip(work.shards, work.pairs, strict=True))
        self._attempts = {shard: self._attempts_before(shard) for shard in work.shards}
        self._queue = deque(work.shards)
        self._unfinished = set(work.shards)
        self._calls: dict[Any, PendingCall] = {}
        self._asked: dict[Any, Any] = {}
        self._standing: dict[Any, ActorProgress] = {}
        self._deaths: Counter[int] = Counter()
        self._open = False
        self._alone_since = time.monotonic()
        self._kind = ray.remote(ShardActor).options(
            num_cpus=request.cpus, num_gpus=request.gpus, max_concurrency=2, max_restarts=0
        )

    def render(self) -> None:
        """Render all; return when every shard is complete.

        The first actor gets ready alone: it makes the calibration that all others read.

        Raises:
            MedcutmixError: An actor cannot be placed, or a shard cannot be rendered.
        """
        try:
            while self._unfinished:
                self._hire()
                heard, _ = ray.wait(list(self._calls), timeout=_LISTEN_SECONDS)
                for reference in heard:
                    self._listen(reference, self._calls.pop(reference))
                self._report()
                self._check_placed()
        finally:
            self._dismiss()

    def _hire(self) -> None:
        """Have as many actors as asked, but no more than there are shards to do."""
        wanted = min(self._request.actors, len(self._unfinished)) if self._open else 1
        for _ in range(wanted - len(self._calls)):
            self._ask(PendingCall(self._kind.remote(self._work), "arrive"))

    def _ask(self, call: PendingCall) -> None:
        arguments = (call.shard,) if call.method == "render" else ()
        self._calls[getattr(call.actor, call.method).remote(*arguments)] = call

    def _listen(self, reference: Any, call: PendingCall) -> None:
        before = self._standing.pop(call.actor, ActorProgress())
        try:
            answer: CallResult = ray.get(reference)
        except ray.exceptions.RayError as error:
            self._bury(call, error)
            return
        self._believe(call, answer)
        if call.method == "arrive":
            self._ask(PendingCall(call.actor, "open"))
            return
        self._open = True
        self._deaths[-1] = 0  # who cannot begin, never begins: nodes that go now and then are another matter
        if call.method == "open" and before.stage:
            self._progress(before.stage, before.total, before.total)
        if self._queue:
            self._ask(PendingCall(call.actor, "render", self._queue.popleft()))
        else:
            ray.kill(call.actor)

    def _believe(self, call: PendingCall, answer: CallResult) -> None:
        """Check what an actor says.

        Raises:
            MedcutmixError: What went wrong in it, and on which node.
        """
        if answer.error is not None:
            answer.error.where = _named(answer.error.where, answer)
            raise answer.error
        if answer.version != medcutmix_cli.__version__:
            raise RunError(
                f"another medcutmix is installed on a node: {answer.version}, here {medcutmix_cli.__version__}",
                where=_named("", answer),
                hint="install the same version on every node of the cluster",
            )
        if call.method == "render":
            self._confirm(call.shard, answer)

    def _confirm(self, shard: int, answer: CallResult) -> None:
        """See the state file of a shard; that of another machine may take a moment to be seen.

        Raises:
            RunError: There is none.
        """
        until = time.monotonic() + _LATE_SECONDS
        while not self._is_complete(shard):
            if time.monotonic() > until:
                raise RunError(
                    f"an actor has rendered shard {shard}, but it does not lie in the run folder",
                    where=_named(str(self._folder.root), answer),
                    hint="does that node see the same folder under this path, or one of its own?",
                )
            time.sleep(_LISTEN_SECONDS)
            list((self._folder.root / "state").iterdir())  # makes a network file system look again
        self._unfinished.discard(shard)

    def _attempts_before(self, shard: int) -> int:
        """Return how often a shard was rendered that is to be rendered again, 0 for one that is not complete."""
        state = read_complete(self._folder, shard)
        again = state is not None and state.failed and self._work.retry_failed
        return _attempts(state) if again else 0  # complete by now: another task was here

    def _is_complete(self, shard: int) -> bool:
        return _attempts(read_complete(self._folder, shard)) > self._attempts[shard]

    def _bury(self, call: PendingCall, error: Exception) -> None:
        """Put the shard of an actor that has died back, to be rendered by the next one.

        Raises:
            RunError: It has been so too often, or the actor could not begin.
        """
        ray.kill(call.actor)
        if isinstance(error, ray.exceptions.RayTaskError) or _could_not_begin(error):
            raise RunError(
                "a node of the cluster cannot load medcutmix",
                hint="install the same medcutmix, Python and Ray on every node",
            ) from error
        self._folder.clean_temporaries()  # what it has left half-written, where it ran on this machine
        self._deaths[call.shard] += 1
        if call.shard >= 0:
            self._queue.appendleft(call.shard)
        if self._deaths[call.shard] >= MAX_DEATHS:
            what = f"shard {call.shard}" if call.shard >= 0 else "opening the run"
            raise RunError(
                f"{what} has ended its actor {MAX_DEATHS} times ({type(error).__name__})",
                where=str(self._folder.root),
                hint="most often memory: fewer actors a node (cpus_per_actor), fewer --workers; or try it alone "
                "with `medcutmix render RUN --engine local`",
            ) from error
        if not self._calls:
            self._alone_since = time.monotonic()

    def _report(self) -> None:
        """Say how far all are together; what the actors say of running shards comes a second late."""
        self._hear_standings()
        running = [standing for standing in self._standing.values() if standing.stage]
        total = sum(self._pairs.values())
        before = total - sum(self._pairs[shard] for shard in self._unfinished)
        for standing in running:
            if standing.stage != "rendering":
                self._progress(standing.stage, standing.done, standing.total)
        if self._open:
            done = sum(standing.done for standing in running if standing.stage == "rendering")
            self._progress("rendering", before + done, total)

    def _hear_standings(self) -> None:
        heard, _ = (
            ray.wait(list(self._asked), num_returns=len(self._asked), timeout=0) if self._asked else ([], [])
        )
        busy = {call.actor for call in self._calls.values() if call.method != "arrive"}
        for reference in heard:
            actor = self._asked.pop(reference)
            try:
                standing = ray.get(reference)
            except ray.exceptions.RayError:
                continue  # it has died; its call says so too
            if actor in busy:
                self._standing[actor] = standing
        for actor in busy - set(self._asked.values()):
            self._asked[actor.tell_progress.remote()] = actor

    def _check_placed(self) -> None:
        """Stop waiting for a place that does not come.

        Raises:
            RunError: It has not come for long.
        """
        if any(call.method != "arrive" for call in self._calls.values()):
            self._alone_since = time.monotonic()
        elif self._unfinished and time.monotonic() - self._alone_since > self._patience:
            raise no_place(self._request, f"for {self._patience:g} s")

    def _dismiss(self) -> None:
        """Let every actor go: those that render leave at the next pair, and nothing half-written stays."""
        calls, self._calls = self._calls, {}
        try:
            for call in calls.values():
                call.actor.stop.remote()
            running = [reference for reference, call in calls.items() if call.method == "render"]
            if running:
                ray.wait(running, num_returns=len(running), timeout=_STOP_SECONDS)
            for call in calls.values():
                ray.kill(call.actor)
        except ray.exceptions.RayError:
            pass  # the cluster itself has gone, and its actors with it


def no_place(request: ActorRequest, when: str) -> RunError:
    """Return the error that says what was asked of the cluster, and what it has."""
    nodes, free = alive_nodes(), free_resources()
    has = f"{sum(node.cpus for node in nodes)} CPU(s) ({free.get('CPU', 0):g} free)"
    gpus = f"{sum(node.gpus for node in nodes):g} GPU(s) ({free.get('GPU', 0):g} free)"
    return RunError(
        f"no actor could be placed {when}: one asks for {request.one()}",
        where=f"the cluster has {has} and {gpus} on {len(nodes)} node(s)",
        hint="ask for less with --engine-option cpus_per_actor=N or gpus_per_actor=X, or wait longer (patience_s=N)",
    )


def _attempts(state: ShardState | None) -> int:
    return state.attempts if state else 0


def _could_not_begin(error: Exception) -> bool:
    return isinstance(error, ray.exceptions.ActorDiedError) and "__init__" in str(error)


def _named(where: str, answer: CallResult) -> str:
    return ", ".join(part for part in (where, f"node {answer.node}") if part)
