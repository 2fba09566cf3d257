"""Hold back pydicom's warnings while files are read by several threads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class _Hush:
    """One filter shared by all threads that read: `catch_warnings` itself is not thread-safe.

    Each thread with its own would save and restore the other's filters in the wrong order and leave them
    changed for good. Here the first one in sets the filter and the last one out restores it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._saved: warnings.catch_warnings[None] | None = None

    def enter(self) -> None:
        with self._lock:
            if self._readers == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.simplefilter("ignore", UserWarning)
            self._readers += 1

    def leave(self) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers == 0 and self._saved is not None:
                self._saved.__exit__(None, None, None)
                self._saved = None


_HUSH = _Hush()


@contextmanager
def ignore_pydicom_warnings() -> Iterator[None]:
    """Ignore `UserWarning` inside: pydicom warns of padding and odd values in files that read well."""
    _HUSH.enter()
    try:
        yield
    finally:
        _HUSH.leave()
