"""Keep what is slow to make, such as a loaded model: each once a process, however many threads ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


class OnceTable(Generic[Key, Made]):
    """A table that is filled on demand; making is not done twice, and one that failed may be tried again."""

    def __init__(self) -> None:
        self._made: dict[Key, Made] = {}
        self._making = threading.Lock()

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """Return what belongs to `key`, made by `make` where it is not there yet."""
        if key not in self._made:
            with self._making:
                if key not in self._made:
                    self._made[key] = make()
        return self._made[key]
