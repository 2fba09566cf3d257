"""A control group whose memory is limited, as Slurm and containers have it, and a process that uses it up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONTROLLED = Path("/sys/fs/cgroup")
FIRST = 1000
"""The score (oom_score_adj, proc(5)) of whom the kernel ends before all others."""

_FILL = """
import os, pathlib, sys
kills = lambda: pathlib.Path(sys.argv[1]).read_text().partition("oom_kill ")[2].split()[0]
before, file = kills(), os.memfd_create("filler")
while kills() == before:
    os.write(file, bytes(1 << 22))
"""
"""Memory that no process has mapped is charged to the group alone, so that who fills it up is not the one to end."""


@dataclass(frozen=True)
class MemoryGroup:
    """A control group.

    Attributes:
        folder: Its place in the file system of control groups.
        limit: Name of the file with the limit, bytes.
        kills: Name of the file that counts whom the kernel has ended.
        started: What was started in it.
    """

    folder: Path
    limit: str
    kills: str
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, command: Sequence[str], **how: object) -> subprocess.Popen[str]:
        """Start a command in the group."""
        line = f'echo $$ > {self.folder}/cgroup.procs && exec "$@"'
        process: subprocess.Popen[str] = subprocess.Popen(
            ["bash", "-c", line, "bash", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,  # type: ignore[call-overload]
        )
        self.started.append(process)
        return process

    def restrict(self, size: int) -> None:
        """Set the limit, bytes."""
        (self.folder / self.limit).write_text(str(size), encoding="ascii")

    def killed(self) -> int:
        """Count the processes of the group that the kernel has ended for want of memory."""
        text = (self.folder / self.kills).read_text(encoding="ascii")
        return int(text.partition("oom_kill ")[2].split()[0])

    def end(self) -> None:
        """End what a failed test has left in the group, and the group."""
        while left := (self.folder / "cgroup.procs").read_text(encoding="ascii").split():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.05)
        for process in self.started:
            reap(process)
        self.folder.rmdir()

    def use_up(self, victim: int) -> None:
        """Use up what memory there is, until the kernel has ended `victim`.

        It is stopped first: one that has done its work before memory is short would leave the kernel no victim but
        whoever else is in the group.
        """
        os.kill(victim, signal.SIGSTOP)
        score(victim, FIRST)
        filler = self.start([sys.executable, "-c", _FILL, str(self.folder / self.kills)])
        said = filler.communicate(timeout=60)[1]
        assert not filler.returncode, said


def reap(process: subprocess.Popen[Any]) -> None:
    """Wait for a process that has ended and close its pipes, so that a failure does not warn in another test."""
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def score(pid: int, value: int) -> None:
    """Say whom the kernel is to end first."""
    with suppress(FileNotFoundError, ProcessLookupError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(value), encoding="ascii")


def children(pid: int) -> list[int]:
    """List the processes that a process has started."""
    with suppress(FileNotFoundError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(word) for word in text.split()]
    return []


@contextmanager
def memory_group(name: str) -> Iterator[MemoryGroup | None]:
    """Make a group for one test; None where this machine does not let one be made."""
    group = _made(f"medcutmix-{name}-{os.getpid()}")
    try:
        yield group
    finally:
        if group is not None:
            group.end()


def _made(name: str) -> MemoryGroup | None:
    """Make a group of version 1, else of version 2 (cgroups(7))."""
    for parent, limit, kills in (
        (CONTROLLED / "memory", "memory.limit_in_bytes", "memory.oom_control"),
        (CONTROLLED, "memory.max", "memory.events"),
    ):
        with suppress(OSError):
            (parent / name).mkdir()
            if os.access(parent / name / limit, os.W_OK) and _counts(parent / name / kills):
                return MemoryGroup(parent / name, limit, kills)
            (parent / name).rmdir()
    return None


def _counts(file: Path) -> bool:
    return "oom_kill " in file.read_text(encoding="ascii")
