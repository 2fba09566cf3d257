"""Clear away what workers leave half-written that were ended all at once. Knows no scheduler."""

from __future__ import annotations

import time

from medcutmix_cli.run.folder import RunFolder


def clear_leftovers(folder: RunFolder, patience_s: float = 5.0) -> None:
    """Remove half-written files of workers that have ended, and wait a little for those that are just ending.

    A signal that came to all processes ends Ray first, which then kills nobody and waits for nobody. What processes of
    other machines write is theirs to remove.

    Args:
        folder: The run's.
        patience_s: Seconds to wait while another process of this machine has a file under way; it may be another run.
    """
    until = time.monotonic() + patience_s
    folder.clean_temporaries()
    while folder.is_written_here() and time.monotonic() < until:
        time.sleep(0.1)
        folder.clean_temporaries()
