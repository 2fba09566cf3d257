"""What the system says of too little memory: processes ended for want of it, and a limit that ends libraries."""

from __future__ import annotations

import re
import resource
from pathlib import Path

from medcutmix_cli.errors import MedcutmixError

LEAST_ADDRESS_SPACE = 2 << 30
"""Bytes. With 1.5 GB torch and its libraries end the process by a segmentation fault; with 3 GB all goes well."""

_CGROUPS, _OWN, _VMSTAT = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup"), Path("/proc/vmstat")
_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def count_memory_kills() -> int:
    """Return how many processes the kernel has ended for want of memory, here and around; 0 where nobody counts."""
    places = [
        _VMSTAT,
        *(folder / name for folder in _folders() for name in ("memory.events", "memory.oom_control")),
    ]
    return sum(int(count) for place in places for count in _COUNT.findall(_text(place)))


def _folders() -> list[Path]:
    """Return the control groups of this process that may limit its memory (version 2, then 1)."""
    found = []
    for line in _text(_OWN).splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or "memory" in controllers.split(","):
            found.append(_CGROUPS / controllers / path.lstrip("/"))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def check_address_space() -> None:
    """Refuse to load what would end the process.

    Raises:
        MedcutmixError: `ulimit -v` allows too little.
    """
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if 0 <= limit < LEAST_ADDRESS_SPACE:  # RLIM_INFINITY is -1 on Linux
        raise MedcutmixError(
            f"this process may use {limit / 2**30:.1f} GiB of address space (ulimit -v), and needs more",
            hint=f"ulimit -v unlimited, or {LEAST_ADDRESS_SPACE >> 10} at least; a control group limits memory better",
        )
