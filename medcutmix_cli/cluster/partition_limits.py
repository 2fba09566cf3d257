"""Whether a job can ever start: what it asks for against the largest node of its partition, as `sinfo` tells it.

Slurm may take such a job and let it wait for ever ("PartitionConfig"). Only `sinfo` is asked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from medcutmix_cli.cluster.slurm import Resources
from medcutmix_cli.errors import ClusterError

_PATIENCE_S = 10
_MEGABYTES = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2}


@dataclass(frozen=True, slots=True)
class NodeSize:
    """One node of one partition.

    Attributes:
        partition: Its name; `default` says whether jobs that name none come here.
        memory: In MB.
    """

    partition: str
    default: bool
    cpus: int
    memory: int


def check_can_start(resources: Resources) -> None:
    """Refuse what no node has; nothing where that is not known, or `--extra` may choose other nodes.

    Raises:
        ClusterError: Tasks would wait for ever.
    """
    if resources.extra:  # they come last and win: --partition, --constraint, --cluster
        return
    nodes = [node for node in read_nodes(_ask_sinfo()) if _is_asked(node, resources.partition)]
    too_much = list(_too_much(resources, nodes)) if nodes else []
    if too_much:
        place = f"the partition {' or '.join(sorted({node.partition for node in nodes}))}"
        wanted = " and ".join(what for what, _ in too_much)
        raise ClusterError(
            f"no node of {place} has {wanted} for a task: it would wait for ever",
            hint=f"{' '.join(option for _, option in too_much)}, or another --partition; --extra is never compared",
        )


def partitions_there() -> tuple[str, ...]:
    """Return the names of the partitions, in order; none where `sinfo` does not say."""
    return tuple(sorted({node.partition for node in read_nodes(_ask_sinfo())}))


def read_nodes(told: str) -> Iterator[NodeSize]:
    """Yield the nodes from lines of `sinfo --Node --noheader --format="%P|%c|%m"`; others are left out."""
    for line in told.splitlines():
        if match := re.fullmatch(r"([^|*]+)(\*?)\|(\d+)\|(\d+)", line.strip()):
            yield NodeSize(match[1], bool(match[2]), int(match[3]), int(match[4]))


def _is_asked(node: NodeSize, partitions: str) -> bool:
    return node.partition in partitions.split(",") if partitions else node.default


def _too_much(resources: Resources, nodes: list[NodeSize]) -> Iterator[tuple[str, str]]:
    """Yield what no node has, and the option that asks for as much as the largest has."""
    cpus, memory = max(node.cpus for node in nodes), max(node.memory for node in nodes)
    if resources.cpus > cpus:
        yield f"{resources.cpus} CPUs", f"--cpus {cpus}"
    if _megabytes(resources.memory) > memory:
        yield f"{resources.memory} of memory", f"--mem {memory}M"


def _megabytes(memory: str) -> float:
    unit = memory[-1].upper()
    return int(memory[:-1]) * _MEGABYTES[unit] if unit in _MEGABYTES else int(memory)


def _ask_sinfo() -> str:
    program = shutil.which("sinfo")
    if program is None:
        return ""
    asked = [program, "--Node", "--noheader", "--format=%P|%c|%m"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if not done.returncode else ""
