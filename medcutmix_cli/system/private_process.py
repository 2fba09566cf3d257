"""What a whole process keeps to its user: its memory when it crashes, and every file it makes, a library's too."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OTHERS = 0o077
"""Rights that nobody but the owner gets."""


@contextmanager
def private_process() -> Iterator[None]:
    """Leave no core dump, and make no file or folder that others can read, while the block runs; children inherit both.

    Files of a run are made private one by one whatever the mask is; this is for what libraries make beside them.
    """
    forbid_core_dumps()
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def forbid_core_dumps() -> None:
    """Ask for none, for this process and those that it starts: they hold reports and pictures of patients.

    The limit above stays, so that a person can raise it. Collectors of crashes (systemd-coredump, apport) keep nothing
    of a process whose limit is 0 either.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
