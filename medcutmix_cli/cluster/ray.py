"""The engine `ray`: actors that hold the encoder, each told one shard number after the other.

Ray decides where an actor runs, and nothing else: no picture, no report and no file of a shard goes through it, and
a shard is complete when its state file lies in the run folder. Its actors are used directly, with a loop of our own
(`ray_workers`), and not Ray Data: there a pool of as many actors as there are CPUs waited for ever for a CPU to read
with, files were named by random ids and added to on a second run, and a failed row meant its whole block again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.assembly.relocation import map_paths, relocate_settings
from medcutmix_cli.cluster.leftovers import clear_leftovers
from medcutmix_cli.cluster.ray_request import ActorRequest, RayNode, size_request
from medcutmix_cli.cluster.ray_session import alive_nodes, chosen_address, connect
from medcutmix_cli.cluster.ray_workers import RayWorkers, no_place
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.engines import Progress, Work
from medcutmix_cli.errors import UsageError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run


@dataclass(frozen=True, slots=True)
class OnRay:
    """Render on a Ray cluster, or on all GPUs of this machine.

    Attributes:
        address: "HOST:PORT", "auto" or "ray://HOST:PORT" of a cluster; "" means RAY_ADDRESS where it is set, else
            Ray is started on this machine for this run, which "local" means always.
        actors: How many; 0 means one a GPU, and without GPUs as many as the CPUs are enough for.
        cpus_per_actor: 0 means the number of `--workers`, else a fair share of a node: its CPUs by its GPUs, at most
            4 without GPUs.
        gpus_per_actor: May be a fraction; below 0 means 1 where the cluster has GPUs, none else or with `--device cpu`.
        patience_s: How long to wait while no actor has been placed: the cluster may be busy, or growing.
    """

    in_this_process: ClassVar[bool] = False

    address: str = ""
    actors: int = 0
    cpus_per_actor: int = 0
    gpus_per_actor: float = -1.0
    patience_s: float = 300.0

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: One makes no sense.
        """
        if self.actors < 0 or self.cpus_per_actor < 0:
            raise ValueError("actors and cpus_per_actor must be at least 0")
        if self.gpus_per_actor > 1 and not self.gpus_per_actor.is_integer():
            raise ValueError("gpus_per_actor must be a whole number where it is above 1")
        if not self.patience_s > 0:
            raise ValueError("patience_s must be above 0")

    def render(self, work: Work, progress: Progress | None) -> None:
        """Render every shard of `work`.

        Raises:
            MedcutmixError: There is no cluster or no place in it, or a shard cannot be rendered.
        """
        settings = _settings(work)
        try:
            with connect(chosen_address(self.address)) as ours:
                nodes = alive_nodes()
                request = self._request(work, settings, nodes)
                if ours and not request.fits(nodes):  # it will not grow
                    raise no_place(request, "here")
                device = {} if request.gpus else _without_gpu(settings)
                changes = {**map_paths(work.changes, _full), **device, "run.workers": request.workers}
                sent = replace(work, changes=changes)
                RayWorkers(sent, request, self.patience_s, progress).render()
        except BaseException:
            clear_leftovers(RunFolder(work.out))
            raise
        RunFolder(work.out).clean_temporaries()

    def at_once(self, work: Work) -> int:
        """Return how many actors the cluster has room for, as it is now, and `work` has shards for."""
        settings = _settings(work)
        with connect(chosen_address(self.address)):
            return self._request(work, settings, alive_nodes()).actors

    def one_at_a_time(self) -> OnRay:
        """Return the same engine with one actor, as large as each of many."""
        return replace(self, actors=1)

    def _request(self, work: Work, settings: Settings, nodes: list[RayNode]) -> ActorRequest:
        on_cpu = settings.encoder.device == "cpu" and self.gpus_per_actor < 0
        return size_request(
            nodes,
            shards=len(work.shards),
            threads=settings.run.workers,
            actors=self.actors,
            cpus=self.cpus_per_actor,
            gpus=0.0 if on_cpu else self.gpus_per_actor,
        )


def _settings(work: Work) -> Settings:
    """Return the settings of the run as they are now.

    Raises:
        UsageError: The encoder is to run on a GPU by its number: an actor sees only those that Ray gives it.
    """
    settings = relocate_settings(read_run(RunFolder(work.out)), work.changes)
    device = settings.encoder.device
    if re.fullmatch(r"cuda:\d+", device):
        raise UsageError(f"device {device}: Ray chooses the GPU", hint="--device cuda, or --device auto")
    return settings


def _without_gpu(settings: Settings) -> dict[str, str]:
    """Let actors that asked for no GPU use none: Ray hides those of a node only from who asked for some."""
    return {"encoder.device": "cpu"} if settings.encoder.device == "auto" else {}


def _full(path: str) -> str:
    """Return a path as an actor must be told it: it runs in a folder of its own."""
    return str(Path(path).absolute())
