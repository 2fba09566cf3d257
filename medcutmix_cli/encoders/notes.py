"""What encoders have to note while they work, by name; added up per shard. Knows no model and no file."""

from __future__ import annotations

import threading
from collections import Counter

_NOTES: Counter[str] = Counter()
_LOCK = threading.Lock()


def note(name: str) -> None:
    """Count something that a user should know, such as "batch-halved"."""
    with _LOCK:
        _NOTES[name] += 1


def notes() -> Counter[str]:
    """Return what this process has noted so far."""
    with _LOCK:
        return Counter(_NOTES)
