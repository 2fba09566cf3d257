"""What is there for long is not looked through for cycles again and again. Knows Python's collector only."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def leave_old_objects() -> Iterator[None]:
    """Let the collector of cycles look only at what is made while the block runs.

    A cohort and the modules are a million objects, and pairing makes and drops records all the time: one part in 25 of
    its time went into looking through what stays (3,000 studies).
    """
    if gc.get_freeze_count():  # who froze them before says when that ends
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
