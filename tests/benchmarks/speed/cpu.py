"""CPUs, and CPU time to the nanosecond: of this process and of those that decode its pictures. Linux only."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import psutil


def cores() -> int:
    """Return how many CPUs this process may use."""
    return len(os.sched_getaffinity(0))


def decoder_seconds() -> float:
    """Return what this process's children have computed so far, those that have ended left out, seconds."""
    total = 0
    for child in psutil.Process().children(recursive=True):
        with suppress(OSError):  # it has just ended
            total += int(Path(f"/proc/{child.pid}/schedstat").read_text().split()[0])
    return total / 1e9


def cpu_seconds() -> float:
    """Return what this process and its children have computed so far, seconds."""
    return time.process_time() + decoder_seconds()
