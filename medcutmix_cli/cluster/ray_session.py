"""Connect to a Ray cluster, or start one on this machine, and leave nothing of it behind. Knows no run.

A Ray that was started here is told by the kernel when this process is gone, however it ends; a cluster that was
there before stays as it is.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import ray

from medcutmix_cli.cluster.ray_request import RayNode
from medcutmix_cli.errors import MedcutmixError, MissingExtraError, RunError
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.signals import SignalWatch

_RAY: Any = ray
"""Parts of Ray have no types."""

HERE = "local"
"""The address that means: start Ray on this machine."""

_STORE_BYTES = 100 * 2**20
"""Memory for what Ray passes around, near the least it accepts: we pass numbers. It would take 30 % of all."""

_REACH_SECONDS = 10
_HANDLER_SECONDS = 0.02


@contextmanager
def connect(address: str) -> Iterator[bool]:
    """Be connected to the cluster at `address`, or to one that lives as long as this context.

    Ray is started from a thread that stays until the end: off the main thread it takes over no signal (its handler
    of TERM would end the program in its own way), and the kernel ends what it has started when that thread is gone.

    Yields:
        Whether the cluster is ours alone.

    Raises:
        RunError: Nothing answers there, or it cannot be started.
        MissingExtraError: The kind of address needs a package that is not installed.
    """
    if ray.is_initialized():  # by the program that calls us: its connection is used, and stays
        yield False
        return
    if address != HERE:
        _reach(address)
    with _quiet(), ThreadPoolExecutor(1, thread_name_prefix="ray") as starter:
        begun = starter.submit(_begin, address)
        try:
            _await(begun)
            begun.result()
            yield address == HERE
        finally:
            wait([begun])  # Ray cannot be left half-way into its start
            ray.shutdown()


def alive_nodes() -> list[RayNode]:
    """Return the machines of the cluster."""
    resources = [node["Resources"] for node in _RAY.nodes() if node["Alive"]]
    return [RayNode(int(each.get("CPU", 0)), float(each.get("GPU", 0))) for each in resources]


def free_resources() -> dict[str, float]:
    """Return what nobody uses at the moment: "CPU", "GPU" and more."""
    free: dict[str, float] = _RAY.available_resources()
    return free


def chosen_address(asked: str) -> str:
    """Return the address to connect to: as asked, else that of the environment, else this machine."""
    return asked or os.environ.get("RAY_ADDRESS", "") or HERE


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Ray off the terminal: what has gone wrong is said by us, and standard output is for data."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is sent anywhere
    # Without it Ray says on every start what will change in a later version.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    # What Ray says of workers that die is printed to standard output, whatever `log_to_driver` is; this is the
    # switch that its debugger turns off meanwhile.
    worker, name = import_module("ray._private.worker"), "_worker_logs_enabled"
    before = getattr(worker, name, True)
    setattr(worker, name, False)
    try:
        yield
    finally:
        setattr(worker, name, before)


def _begin(address: str) -> None:
    options: dict[str, Any] = {}
    if address == HERE:
        os.environ.setdefault("RAY_worker_niceness", "0")  # as the engine `local`; Ray's own is 15
        options = {
            "num_cpus": usable_cpus(),
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
        }
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL, **options)
    except (OSError, RuntimeError, ValueError, ImportError, ray.exceptions.RayError) as error:
        raise _explained(address, error) from error


def _explained(address: str, error: Exception) -> MedcutmixError:
    """Say why there is no connection. No report has met Ray yet, so that its own words can be shown."""
    words = " ".join(str(error).split())[:300]
    if isinstance(error, ImportError) or "ray[client]" in words:
        return MissingExtraError(
            f"an address like {address!r} needs more of Ray than is installed",
            hint=f"pip install 'ray[client]=={ray.__version__}'",
        )
    if address == HERE:
        return RunError(
            "Ray cannot be started on this machine", where=words, hint="--engine local needs none"
        )
    return RunError("the Ray cluster does not let us in", where=f"{address}: {words}", hint=_START_HINT)


_START_HINT = (
    "does it run (`ray status`), with the same versions of Ray and Python? one that asks for a token needs "
    "RAY_AUTH_MODE=token here; without an address Ray is started on this machine"
)


def _reach(address: str) -> None:
    """Knock at HOST:PORT: where nobody answers, Ray itself would try for long.

    Raises:
        RunError: Nobody answers.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise RunError("no Ray cluster answers", where=address, hint=_START_HINT) from error


def _await(begun: Future[None]) -> None:
    """Wait for the start, and keep our signal handlers meanwhile: Ray's core puts one for TERM that aborts."""
    handlers: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in SignalWatch.names if hasattr(signal, name)]
        handlers = {number: signal.getsignal(number) for number in numbers}
    done = False
    while not done:
        done = bool(wait([begun], timeout=_HANDLER_SECONDS).done)
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)
