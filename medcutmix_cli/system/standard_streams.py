"""Standard input, output and error that are there, whoever started us without: a closed one is the null device.

The number of a closed stream is given to the next file that is opened: what a library writes to "standard error" would
land in a shard.
"""

from __future__ import annotations

import os
import sys


def open_closed_streams() -> None:
    """Put the null device where a standard stream is closed, for this process and those that it starts."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if _is_closed(number):
            _open_null(number)
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - kept open
            setattr(sys, name, stream)


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False


def _open_null(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    os.set_inheritable(number, True)
