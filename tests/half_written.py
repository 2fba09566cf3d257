"""Stop a process in the middle of a shard: tests that kill one there must not come too late."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def stop(pid: int) -> bool:
    """Stop a process, and wait until it has stopped; False where it has ended."""
    try:
        os.kill(pid, signal.SIGSTOP)
        while (state := _state(pid)) != "T":
            if state in "XZ":
                return False
            time.sleep(0.001)
    except (ProcessLookupError, FileNotFoundError):
        return False
    return True


def stop_writer(path: Path) -> int | None:
    """Stop the process that writes a half-written file; None where it had it whole before it stopped.

    Returns:
        Its id, which is part of the file's name.
    """
    pid = int(path.name.split(".")[-2])
    if not stop(pid):
        return None
    if path.exists():
        return pid
    os.kill(pid, signal.SIGCONT)
    return None


def is_pending(pid: int, number: int) -> bool:
    """Say whether a stopped process has yet to be told of a signal."""
    lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool((int(lines["ShdPnd"], 16) | int(lines["SigPnd"], 16)) >> (number - 1) & 1)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
