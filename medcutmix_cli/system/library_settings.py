"""Settings that a library keeps for the whole process, held at our value only while our own work runs.

A trainer imports the loader, and has its own wishes: whatever is changed here is put back. Knows no library.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class HeldSetting(Generic[_Value]):
    """One such setting: the first block sets it, the last block to end puts it back, whatever thread either is in.

    What somebody else sets meanwhile stays.

    Args:
        get: Returns the library's value.
        put: Sets it.
        ours: The value inside.
    """

    def __init__(self, get: Callable[[], _Value], put: Callable[[_Value], object], ours: _Value) -> None:
        self._get, self._put, self._ours = get, put, ours
        self._lock = threading.Lock()
        self._blocks = 0
        self._before = ours

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the setting at our value while the block runs."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._lock:
            if not self._blocks:
                self._before = self._get()
                self._put(self._ours)
            self._blocks += 1

    def _leave(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks and self._get() == self._ours:
                self._put(self._before)
