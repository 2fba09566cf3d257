"""The signals that ask a program to stop, turned into one clean way out. Knows no command."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any, Self

from medcutmix_cli.errors import Interrupted


class SignalWatch:
    """Turn the signals that ask a program to stop into `Interrupted`, once.

    Only in the process that made it: worker processes inherit the handlers of their parent, and would each
    answer Ctrl-C with a traceback.

    Attributes:
        seen: Whether one has come.
    """

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")

    def __init__(self) -> None:
        self.seen = False
        self._owner = os.getpid()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Take over the signals this platform has; those that are ignored (`nohup`) stay ignored."""
        for name in self.names:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_error: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._owner:
            self._stop_worker(number)
        elif not self.seen:
            self.seen = True
            signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C twice: stop now
            raise Interrupted(f"stopped by {signal.Signals(number).name}")

    def _stop_worker(self, number: int) -> None:
        """Let a worker process die of TERM without a word; the other signals are for its parent."""
        if number == signal.SIGTERM:
            os._exit(128 + number)
