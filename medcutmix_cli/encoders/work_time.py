"""For how long threads worked, encoders were asked and devices computed; added up per shard. Knows no model.

Wall time: pictures are decoded in processes of their own, for which a thread waits that could do nothing else. Only
waiting for another thread is no work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class WorkTime:
    """Seconds since the process began.

    Attributes:
        asked: In which threads asked an encoder, added up over them.
        device: In which devices other than the CPU computed; their copies are not in it.
    """

    asked: float = 0.0
    device: float = 0.0

    def since(self, before: WorkTime) -> WorkTime:
        """Return what has come since."""
        return WorkTime(self.asked - before.asked, self.device - before.device)


class _Thread(threading.local):
    asking = False
    waited = 0.0


_LOCK = threading.Lock()
_SPENT = {"asked": 0.0, "device": 0.0}
_THREAD = _Thread()


def work_time() -> WorkTime:
    """Return what was spent so far."""
    with _LOCK:
        return WorkTime(**_SPENT)


def add_device_seconds(seconds: float) -> None:
    """Count time in which a device computed."""
    with _LOCK:
        _SPENT["device"] += seconds


def worked_so_far() -> float:
    """Return a time of this thread that stands still while it waits in `result_of`, in seconds."""
    return time.perf_counter() - _THREAD.waited


def result_of(future: Future[_Result]) -> _Result:
    """Wait for what another thread makes."""
    began = time.perf_counter()
    try:
        return future.result()
    finally:
        _THREAD.waited += time.perf_counter() - began


@contextmanager
def asking() -> Iterator[None]:
    """Count the time of what is inside; inside another it is counted once."""
    if _THREAD.asking:
        yield
        return
    _THREAD.asking, began = True, time.perf_counter()
    try:
        yield
    finally:
        _THREAD.asking = False
        with _LOCK:
            _SPENT["asked"] += time.perf_counter() - began
