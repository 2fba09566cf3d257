"""Half-written files: what they are called, whose they are, and when somebody else may remove them.

A name says who writes: host, machine and PID namespace, process. Containers may share a host name, and so may nodes
of a careless cluster: a process that cannot be looked up from here is taken for dead only by its file's age.
Loads nothing heavy, so that a program can clean up behind itself however early it is stopped.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNTOUCHED = 6 * 3600.0
"""Seconds without a write after which a file is nobody's: its node was lost, or its process id was given away again.

A shard is written every 32 rows, which takes minutes; a writer that was suspended for longer is told so.
"""

_NAME = re.compile(r"\.(?P<name>.+\.[a-z]+)\.(?P<host>[^/]*)\.(?P<pid>\d+)\.tmp")
_OWN: set[Path] = set()


def owner(pid: int) -> str:
    """Return the end of the names of what process `pid`, as it is called here, has under way."""
    return f"{platform.node()}.{_machine()}-{_namespace()}.{pid}.tmp"


def _machine() -> str:
    """Return what tells two machines of one name apart, and a machine from itself before it was started anew."""
    try:
        handle = os.open("/proc/sys/kernel/random/boot_id", os.O_RDONLY)
    except OSError:
        return "0"
    try:
        return os.read(handle, 8).decode("ascii")
    finally:
        os.close(handle)


def _namespace() -> str:
    """Return what tells containers on one machine apart: process ids mean something only in one namespace."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    return "0"


def is_temporary(name: str) -> bool:
    """Say whether a file of this name is a half-written one of ours."""
    return _NAME.fullmatch(name) is not None


@contextmanager
def temporary_beside(target: Path) -> Iterator[Path]:
    """Give a path in the target's folder that nobody else writes to; whatever lies there at the end is removed."""
    path = target.with_name(f".{target.name}.{owner(os.getpid())}")
    with under_way(path):
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def under_way(path: Path) -> Iterator[None]:
    """Count a file or folder as this process's own, to be removed however it ends (see `remove_own`)."""
    _OWN.add(path)
    try:
        yield
    finally:
        _OWN.discard(path)


def _names_under_way() -> set[str]:
    return {path.name for path in tuple(_OWN)}


def remove_own() -> None:
    """Remove what this process has under way; for a process that leaves without unwinding."""
    for path in tuple(_OWN):
        with suppress(OSError):
            _remove(path)


def remove_abandoned(folder: Path, pattern: str = ".*.tmp") -> None:
    """Remove what nobody is writing any more: of processes of this machine that have ended, and what is too old."""
    now: float | None = None
    own = _names_under_way()
    for path in folder.glob(pattern):
        if not is_temporary(path.name) or path.name in own:
            continue
        with suppress(FileNotFoundError):  # another process cleans as well
            if not has_ended(path.name):
                now = now or _clock(folder)
                if now - path.stat().st_mtime < UNTOUCHED:
                    continue
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def has_ended(name: str) -> bool:
    """Say whether the writer of a temporary name was a process of this machine that is no more."""
    pid = _writer_here(name)
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    # Of our own number, but not ours: a container's first process is always number 1.
    return pid == os.getpid() and name not in _names_under_way()


def is_of_another(name: str) -> bool:
    """Say whether a temporary name is that of another process of this machine, whether or not that has ended."""
    return _writer_here(name) not in (None, os.getpid())


def _writer_here(name: str) -> int | None:
    """Return the process that writes under a temporary name, None where it is none of this machine's."""
    match = _NAME.fullmatch(name)
    pid = int(match["pid"]) if match else 0
    return pid if match and name.endswith(f".{owner(pid)}") else None


def _clock(folder: Path) -> float:
    """Return the time of the folder's file system, which writes the times of files: a server's may differ from ours."""
    with temporary_beside(folder / "clock.now") as path:
        path.write_bytes(b"0")
        return path.stat().st_mtime
