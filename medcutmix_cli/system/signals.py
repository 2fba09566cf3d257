"""The signals that ask a program to stop, turned into one clean way out. Knows no command.

The first one is raised in the main thread, which unwinds: nothing half-written stays. A second one, or a way out that
takes too long (a thread that reads from a share that hangs), ends the process at once; it too leaves nothing behind.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock, Thread, current_thread, main_thread
from types import FrameType
from typing import Any, Self

from medcutmix_cli.errors import Interruption
from medcutmix_cli.system.temporary_files import remove_own

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
PATIENCE = 20.0
"""Seconds for the way out. Slurm kills 30 s after it asked (KillWait)."""

ONE_MOMENT = 0.2
"""Seconds within which signals count as one: `timeout` and wrappers send theirs to the child and to its group."""

_AGAIN = 0.02
"""Seconds from a signal that nobody has answered, or a `Stop` that was lost, to the next: whoever can, has by then."""

_SAY_SO = 2.0
_TIDY = 2.0
INTERRUPTED = "interrupted: run the same command again; what is complete stays\n"
_WAITING = "stopping: waiting for what is under way (once more, and it ends at once)\n"
_SHOW_CURSOR = "\x1b[?25h"


class Stop(BaseException):
    """A signal asks the program to stop. No `Exception`: what a library catches must not swallow it."""


class _Shield:
    """Whether the main thread is starting a child, and what came meanwhile."""

    up = False
    missed: Callable[[], None] | None = None


class SignalWatch:
    """Raise `Stop` in the main thread at the first signal that asks to stop; leave at once at the second.

    Only in the process that made it: forked workers inherit the handlers of their parent, and would each answer
    Ctrl-C with a traceback.

    Args:
        to_the_end: Watch until the process is gone, also while the interpreter waits for threads after `__exit__`.

    Attributes:
        seen: Whether one has come.
        told: Whether the user has been told how to go on.
    """

    names = NAMES

    def __init__(self, *, to_the_end: bool = False) -> None:
        self.seen = self.told = False
        self._telling = Lock()
        self.patience = PATIENCE
        self._to_the_end = to_the_end
        self._code: int | None = None
        self._owner = os.getpid()
        self._before: dict[int, Any] = {}
        self._echoes: list[int] = []

    def __enter__(self) -> Self:
        """Take over the signals this platform has; those that are ignored (`nohup`) stay ignored."""
        # The wake-up pipe tells of a signal also while the main thread is held up in a library.
        self._heard, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        self._bell_before = signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        os.register_at_fork(after_in_child=self._fall_silent)
        if self._to_the_end:
            atexit.register(self._end)  # the first to be registered runs last
        # Last words of objects and callbacks of weak references run anywhere; what is raised in them goes no further.
        self._lost_before, sys.unraisablehook = sys.unraisablehook, self._lost
        ours = [number for number in numbers() if signal.getsignal(number) is not signal.SIG_IGN]
        Thread(target=self._listen, args=(frozenset(ours),), name="signals", daemon=True).start()
        for number in ours:  # last: from here on `Stop` may come
            self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_error: object) -> None:
        """Give the signals back, unless the watch lasts."""
        if self._to_the_end:
            return
        for number, handler in self._before.items():
            signal.signal(number, handler)
        sys.unraisablehook = self._lost_before
        signal.set_wakeup_fd(self._bell_before)
        os.close(self._bell)

    def finish(self, code: int) -> None:
        """Say that all is done: from now on a signal, or a thread that hangs after one, ends the process."""
        if self._to_the_end:
            self._code = code

    def tell(self) -> None:
        """Say how to go on, once: the main thread on its way out and the thread that leaves may both come to it."""
        with self._telling:
            if not self.told:
                say(INTERRUPTED)
                self.told = True

    def _ask_for_patience(self) -> None:
        with self._telling:
            if not self.told:
                say(_WAITING)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._owner:
            self._stop_worker(number)
        elif _Shield.up:
            _Shield.missed = partial(self._stop, number, None)
        elif not self.seen and self._code is None:
            self.seen = True
            raise Stop(signal.Signals(number).name)

    def _lost(self, unraisable: Any) -> None:
        """Raise a `Stop` once more that the interpreter was about to print and forget."""
        if isinstance(unraisable.exc_value, Stop) and os.getpid() == self._owner:
            number = int(signal.Signals[str(unraisable.exc_value)])
            Thread(target=self._repeat, args=(number,), name="signals-again", daemon=True).start()
        else:
            self._lost_before(unraisable)

    def _repeat(self, number: int) -> None:
        time.sleep(_AGAIN)
        self.seen = False
        self._send_again(number)

    def _send_again(self, number: int) -> None:
        """Send a signal to the main thread alone; `_hear` leaves it out."""
        self._echoes.append(number)
        signal.pthread_kill(main_thread().ident or 0, number)

    def _stop_worker(self, number: int) -> None:
        """Let a worker process die of TERM without a word; the other signals are for its parent."""
        if number == signal.SIGTERM:
            os._exit(128 + number)

    def _fall_silent(self) -> None:
        """Keep what comes to a forked child from the parent's ears."""
        bell = signal.set_wakeup_fd(-1)
        if bell != self._bell:
            signal.set_wakeup_fd(bell)

    def _listen(self, ours: frozenset[int]) -> None:
        """Wait for signals beside the main thread, and end the process when that has not left in time."""
        first: float | None = None
        while (heard := self._hear(first)) is not None:
            now, came = time.monotonic(), bool(ours & heard)
            if first is None and (self.seen or self._code is None):
                first, number = (now, min(ours & heard)) if came else (None, 0)
            elif not heard and first is not None and now - first < min(_SAY_SO, self.patience):
                self._wake_main_thread(number)
            elif (
                self._code is not None
                or first is None
                or now - first >= self.patience
                or (came and now - first > ONE_MOMENT)
            ):
                self._leave()
            elif not heard:
                self._ask_for_patience()

    def _wake_main_thread(self, number: int) -> None:
        """Send a signal again that came just before it began to wait, or that another thread took: it woke nobody."""
        if not self.seen and self._code is None and signal.getsignal(number) == self._stop:
            self._send_again(number)

    def _hear(self, first: float | None) -> frozenset[int] | None:
        """Wait for signals: none came in time, or None where the watch has ended."""
        while select.select([self._heard], [], [], self._pause(first))[0]:
            heard = os.read(self._heard, 64)
            if not heard:
                os.close(self._heard)
                return None
            if asked := self._without_echoes(heard):
                return frozenset(asked)
        return frozenset()

    def _pause(self, first: float | None) -> float | None:
        """Return the seconds until something is to be said or done of itself; None for ever, before any signal."""
        if first is None:
            return None
        waited = time.monotonic() - first
        if not self.seen and waited < _AGAIN:
            return _AGAIN
        until = _SAY_SO if waited < _SAY_SO < self.patience else self.patience
        return max(0.0, until - waited)

    def _without_echoes(self, heard: bytes) -> list[int]:
        """Leave out what this process sent itself: nobody has asked a second time."""
        numbers = list(heard)
        for number in [echo for echo in self._echoes if echo in numbers]:
            numbers.remove(number)
            self._echoes.remove(number)
        return numbers

    def _end(self) -> None:
        """Spare the process the interpreter's last moments: nobody answers a signal in them, and they are long."""
        if self._code is not None and os.getpid() == self._owner:
            self._tidy()
            os._exit(self._code)

    def _leave(self) -> None:
        """End the process without unwinding it; whatever hangs cannot hold it."""
        tidy = Thread(target=self._tidy, daemon=True)
        tidy.start()
        tidy.join(_TIDY)
        os._exit(Interruption.exit_code if self._code is None else self._code)

    def _tidy(self) -> None:
        end_children()
        remove_own()
        if self._code is None:
            self.tell()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()


def leave_early() -> None:
    """Let a signal that comes while the program still loads end it in one line; a `SignalWatch` takes over.

    Nothing is begun yet, so nothing is cleaned up. Those that are ignored (`nohup`) stay ignored.
    """
    for number in numbers():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave_at_once)


def _leave_at_once(_number: int, _frame: FrameType | None) -> None:
    try:
        say(INTERRUPTED)
    finally:
        os._exit(Interruption.exit_code)


def numbers() -> list[int]:
    """Return the signals that ask a program to stop, as far as this platform has them."""
    return [int(getattr(signal, name)) for name in NAMES if hasattr(signal, name)]


@contextmanager
def shield_children() -> Iterator[None]:
    """Let child processes that are started inside be born deaf to the signals that ask to stop, and be born whole.

    Ctrl-C and Slurm signal every process at once; the children's parent is the one to answer, and ends them. Blocked
    signals stay blocked in what is started; those that come to this process meanwhile are answered afterwards. A mask
    alone does not put them off: another thread takes the signal, and the main thread answers it. A child whose parent
    leaves before it has told it all ends with a traceback of its own.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers())
    outermost = current_thread() is main_thread() and not _Shield.up
    _Shield.up = _Shield.up or outermost
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if outermost:
            _lower_shield()


def _lower_shield() -> None:
    """Answer what came while the shield was up."""
    _Shield.up = False
    missed, _Shield.missed = _Shield.missed, None
    if missed is not None:
        missed()


def follow_parent() -> None:
    """End this worker process when its parent is gone: one that was killed ends nobody, and workers wait for ever.

    The parent holds the other end of a pipe that the system closes with it, whatever ended it. (PR_SET_PDEATHSIG
    would be Linux only, and follows the thread that started the worker instead of the process.)
    """
    from multiprocessing import parent_process

    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, name="parent", daemon=True).start()


def end_children() -> None:
    """End worker processes at once; they hold nothing that is not made again."""
    multiprocessing = sys.modules.get("multiprocessing")
    for child in multiprocessing.active_children() if multiprocessing else ():
        child.kill()


def say(text: str) -> None:
    """Write to the terminal what needs no library, and give it its cursor back: a bar may have hidden it."""
    with suppress(OSError):
        os.write(2, (_SHOW_CURSOR * os.isatty(2) + text).encode())
