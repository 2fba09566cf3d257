"""What to ask of a Ray cluster: how many actors, and how much of a machine each. Knows no Ray, only numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CPUS_WITHOUT_GPU = 4
"""CPUs of an actor where nobody said: enough to keep an encoder busy, and every actor holds an encoder in memory."""


@dataclass(frozen=True, slots=True)
class RayNode:
    """One machine of the cluster, as Ray counts it."""

    cpus: int
    gpus: float


@dataclass(frozen=True, slots=True)
class ActorRequest:
    """What is asked for.

    Attributes:
        actors: How many at most.
        cpus: Of each actor.
        gpus: Of each actor; may be a fraction.
        workers: Threads of each actor.
    """

    actors: int
    cpus: int
    gpus: float
    workers: int

    def fits(self, nodes: Sequence[RayNode]) -> bool:
        """Say whether any node is large enough for one actor."""
        return any(node.cpus >= self.cpus and node.gpus >= self.gpus for node in nodes)

    def one(self) -> str:
        """Say what one actor asks for."""
        return f"{self.cpus:,} CPU(s) and {self.gpus:g} GPU(s)"


def size_request(
    nodes: Sequence[RayNode], *, shards: int, threads: int, actors: int, cpus: int, gpus: float
) -> ActorRequest:
    """Fill in what was left open.

    Args:
        nodes: The machines of the cluster.
        shards: How many there are to do; more actors than that would idle.
        threads: What `--workers` or the plan says; 0 where neither does.
        actors: As asked; 0 means one a GPU, and without GPUs as many as the CPUs are enough for.
        cpus: Of an actor, as asked; 0 means `threads`, and that its fair share of a node.
        gpus: Of an actor, as asked; below 0 means 1 where the cluster has any.
    """
    if gpus < 0:
        gpus = 1.0 if any(node.gpus >= 1 for node in nodes) else 0.0
    cpus = cpus or threads or _fair_share(nodes, gpus)
    places = sum(_places(node, cpus, gpus) for node in nodes)
    return ActorRequest(max(1, min(actors or places, shards)), cpus, gpus, threads or cpus)


def _fair_share(nodes: Sequence[RayNode], gpus: float) -> int:
    if not gpus:
        return min(CPUS_WITHOUT_GPU, max([1, *(node.cpus for node in nodes)]))
    shares = [node.cpus // int(node.gpus / gpus) for node in nodes if node.gpus >= gpus]
    return max(1, min(shares, default=1))


def _places(node: RayNode, cpus: int, gpus: float) -> int:
    by_cpus = node.cpus // cpus
    return min(by_cpus, int(node.gpus / gpus)) if gpus else by_cpus
