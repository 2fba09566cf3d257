"""How many processors this process may keep busy, by its pinning and its container, and what they compute in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/")
_INSTRUCTIONS = {
    "bf16": ("avx512_bf16", "amx_bf16", "bf16"),
    "fp16": ("avx512_fp16", "amx_fp16", "asimdhp"),
}
"""By precision, the flags of /proc/cpuinfo of which one says that a CPU multiplies in it, on x86 and on ARM."""


def usable_cpus(root: Path = _ROOT) -> int:
    """Return a number of at least 1; `os.cpu_count` counts the whole node under Slurm and in a container.

    Args:
        root: Of the file system in which /proc and /sys lie.
    """
    return max(1, int(min([_pinned(), *_quotas(root)])))


def computes_in(precision: str, root: Path = _ROOT) -> bool:
    """Say whether the CPU has instructions for a precision: without them a network takes 6 to 40 times as long.

    Args:
        precision: "fp32", "bf16" and so on.
        root: Of the file system in which /proc lies; where it has no flags (macOS), True.
    """
    if precision not in _INSTRUCTIONS:
        return True
    flags = set(_text(root / "proc/cpuinfo").split())
    return not flags or not flags.isdisjoint(_INSTRUCTIONS[precision])


def _pinned() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """Yield the limits of this process's control groups and of those they lie in, in processors."""
    groups = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, kinds, group = line.split(":", 2)
        if (
            number == "0"
        ):  # version 2 (cgroups(7)): "0::/path", "cpu.max" holds "quota period" or "max period"
            for folder in _upwards(groups, group):
                yield from _share(*_text(folder / "cpu.max").split())
        elif "cpu" in kinds.split(","):
            for folder in _upwards(groups / kinds, group):
                limit = (_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
                yield from _share(*limit)


def _upwards(mount: Path, group: str) -> Iterator[Path]:
    """Yield the folder of a group and those above: in a container the path may be the host's, not to be seen."""
    inside = Path(group.lstrip("/"))
    yield from (mount / part for part in (inside, *inside.parents))


def _share(quota: str = "", period: str = "") -> Iterator[float]:
    if quota.isdigit() and period.isdigit() and int(period):  # "max" and -1 mean no limit
        yield int(quota) / int(period)


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="ascii", errors="replace")
    return ""
