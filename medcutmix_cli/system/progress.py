"""How far a long command is, on stderr: a bar for a person, a plain line every 30 s for a log file, or nothing.

Knows stage names and numbers only; rich is imported when the first bar is drawn.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

LINE_SECONDS = 30.0
UNITS = {
    "listing": "studies",
    "writing": "pairs",
    "reading": "studies",
    "pairing": "studies",
    "calibrating": "pictures",
    "mapping": "pictures",
    "embedding": "pictures",
    "rendering": "pairs",
    "probing": "pairs",
    "drawing": "studies",
    "verifying": "shards",
    "comparing": "pairs",
    "training": "epochs",
    "replaying": "pairs",
    "exporting": "rows",
    "hashing": "files",
}
"""What each stage counts."""


class Meter(Protocol):
    """What takes progress: called with (stage, done, total); total 0 where it is unknown."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take one report."""

    def close(self) -> None:
        """End the last stage."""


@contextmanager
def meter(*, quiet: bool = False) -> Iterator[Meter]:
    """Give the meter that suits stderr: a bar on a terminal, lines elsewhere, nothing where `quiet`."""
    chosen = _choose(quiet)
    try:
        yield chosen
    finally:
        chosen.close()


def _choose(quiet: bool) -> Meter:
    if quiet or sys.stderr is None:  # closed
        return Silent()
    animated = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return Bar() if animated else Lines(sys.stderr)


class Silent:
    """Take progress and show none."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Lines:
    """One plain line every 30 s, and one at the end of a stage.

    Args:
        stream: Where the lines go.
        clock: Seconds, never going back.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._stage = ""
        self._done = self._total = 0
        # A stage begins where the one before ended: its first report comes when some of it is done.
        self._began = self._said = clock()
        self._ended = True

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take one report; print it where it is due."""
        now = self._clock()
        if stage != self._stage:
            self.close()
            self._stage, self._ended = stage, False
        self._done, self._total = done, total
        if total and done >= total:
            self.close()
        elif now - self._said >= LINE_SECONDS:
            self._said = now
            self._print(line(stage, done, total, now - self._began))

    def close(self) -> None:
        """Print the last line of a stage, once."""
        if not self._ended:
            now = self._clock()
            self._ended = True
            self._print(line(self._stage, self._done, self._total, now - self._began))
            self._began = self._said = now

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def line(stage: str, done: int, total: int, seconds: float) -> str:
    """Say in one line how far a stage is: "rendering: 320 of 1,000 pairs, 41/s, 17 s left"."""
    counted = f"{done:,} of {total:,}" if total else f"{done:,}"
    parts = [f"{stage}: {counted} {UNITS.get(stage, '')}".rstrip()]
    if seconds >= 1 and done:
        parts.append(f"{_rate(done / seconds)}/s")
    if total > done > 0:
        parts.append(f"{duration((total - done) * seconds / done)} left")
    else:
        parts.append(duration(seconds))
    return ", ".join(parts)


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.1f}"


def duration(seconds: float) -> str:
    """Write a time a person can read: "0.8 s", "3 min 20 s", "2 h 05 min"."""
    whole = round(seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Bar:
    """One bar a stage, on a terminal."""

    def __init__(self) -> None:
        self._bars: RichProgress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take one report and move the bar."""
        bars = self._bars or self._open()
        if stage not in self._tasks:
            self._tasks[stage] = bars.add_task(stage, total=total or None, unit=UNITS.get(stage, ""))
        bars.update(self._tasks[stage], completed=done, total=total or None)

    def close(self) -> None:
        """Leave the bars as they are and give the terminal back."""
        if self._bars:
            self._bars.stop()

    def _open(self) -> RichProgress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]:<7}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=Console(stderr=True),
            expand=True,
        )
        self._bars.start()
        return self._bars
