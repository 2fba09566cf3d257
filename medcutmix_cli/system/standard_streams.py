"""Standard input, output and errors that were closed before this process began."""

from __future__ import annotations

import os
import sys


def fill_closed_streams() -> None:
    """Put nothing in the place of closed streams, and let what is said of errors go there.

    The system hands out their numbers to whatever is opened next: a library's complaint would be written into a shard.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", closefd=False)
