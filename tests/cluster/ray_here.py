"""A Ray of our own on this machine: its environment, a cluster that stays, the processes it is made of."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import psutil

SECONDS = 180
"""For whatever should take some: a machine that runs much else."""


@contextmanager
def ray_environment() -> Iterator[dict[str, str]]:
    """Ray keeps its sessions below RAY_TMPDIR; the names of its sockets must be short.

    Its workers give way to every other program (niceness 15): on a machine that does much else they would stand still.
    """
    folder = tempfile.mkdtemp(prefix="mcm")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    yield {**kept, "RAY_TMPDIR": folder, "RAY_AUTH_MODE": "disabled", "RAY_worker_niceness": "0"}
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def ray_cluster(environment: Mapping[str, str], cpus: int) -> Iterator[str]:
    """Start a cluster, and end all of it; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = ["start", "--head", f"--port={port}", f"--num-cpus={cpus}", "--include-dashboard=false"]
    places = [f"--temp-dir={environment['RAY_TMPDIR']}", "--disable-usage-stats"]
    done = subprocess.run(
        [sys.executable, "-c", "from ray.scripts.scripts import main; main()", *start, *places],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    try:
        assert done.returncode == 0, done.stderr
        yield f"127.0.0.1:{port}"
    finally:
        kill(daemons(environment["RAY_TMPDIR"]))


def daemons(folder: str) -> set[psutil.Process]:
    """Return the processes of a cluster, which all name its folder, and what these have started."""
    found = set()
    for process in psutil.process_iter(["cmdline"]):
        if any(folder in word for word in process.info["cmdline"] or ()):
            found |= {process, *children(process)}
    return found


def children(process: psutil.Process) -> list[psutil.Process]:
    """Return what a process has started, and what that has."""
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes, and wait until they are gone."""
    processes = list(processes)
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=10)
