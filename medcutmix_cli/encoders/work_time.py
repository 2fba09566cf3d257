"""For how long this process has asked encoders, and devices computed; added up per shard. Knows no model."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkTime:
    """Seconds since the process began.

    Attributes:
        asked: CPU time of the threads that asked an encoder, added up over them.
        device: Time in which devices other than the CPU computed; their copies are not in it.
    """

    asked: float = 0.0
    device: float = 0.0

    def since(self, before: WorkTime) -> WorkTime:
        """Return what has come since."""
        return WorkTime(self.asked - before.asked, self.device - before.device)


_LOCK = threading.Lock()
_SPENT = {"asked": 0.0, "device": 0.0}
_ASKING = threading.local()


def work_time() -> WorkTime:
    """Return what was spent so far."""
    with _LOCK:
        return WorkTime(**_SPENT)


def add_device_seconds(seconds: float) -> None:
    """Count time in which a device computed."""
    with _LOCK:
        _SPENT["device"] += seconds


@contextmanager
def asking() -> Iterator[None]:
    """Count the CPU time of what is inside; inside another it is counted once."""
    if getattr(_ASKING, "now", False):
        yield
        return
    _ASKING.now, began = True, time.thread_time()
    try:
        yield
    finally:
        _ASKING.now = False
        with _LOCK:
            _SPENT["asked"] += time.thread_time() - began
