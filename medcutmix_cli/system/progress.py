"""How far a long command is, on stderr: a bar for a person, a plain line every 30 s for a log file, or nothing.

A function of the API shows a bar by itself where a person looks, in a terminal or a notebook, and is silent elsewhere.
Knows stage names and numbers only; rich is imported when the first bar is drawn.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TextIO, TypeVar

_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

LINE_SECONDS = 30.0
DRAW_SECONDS = 0.2
"""A bar in a notebook is drawn so often at most: each drawing is a message to the browser."""

UNITS = {
    "listing": "studies",
    "writing": "pairs",
    "reading": "studies",
    "pairing": "studies",
    "calibrating": "pictures",
    "mapping": "pictures",
    "embedding": "pictures",
    "preparing": "pictures",
    "rendering": "pairs",
    "probing": "pairs",
    "drawing": "studies",
    "showing": "pairs",
    "verifying": "shards",
    "comparing": "pairs",
    "comparing pictures": "pictures",
    "training": "epochs",
    "replaying": "pairs",
    "exporting": "rows",
    "hashing": "files",
}
"""What each stage counts."""

UNCOUNTED = ("loading libraries", "loading scispaCy")
"""Stages in which nothing is counted: they are named, so that nobody takes the wait for a hang."""

_WORTH_A_LINE = 1.0
"""Seconds from which on such a stage is told in a log."""


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
    return Bar() if _animated() else Lines(sys.stderr)


def _animated() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def show_progress(function: Callable[_Parameters, _Answer]) -> Callable[_Parameters, _Answer]:
    """Show the progress of a function that takes `progress`, where it is not given and somebody looks."""

    @wraps(function)
    def shown(*args: _Parameters.args, **options: _Parameters.kwargs) -> _Answer:
        if options.get("progress") is not None:
            return function(*args, **options)
        chosen = _choose_for_caller()
        try:
            options["progress"] = chosen
            return function(*args, **options)
        finally:
            chosen.close()

    return shown


def _choose_for_caller() -> Meter:
    if display := notebook_display():
        return NotebookBar(display)
    return Bar() if _animated() else Silent()


def notebook_display() -> Any:
    """Return IPython's module `display` inside of a notebook's kernel, else None; imports nothing that is not there."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return import_module("IPython.display") if "IPKernelApp" in getattr(shell, "config", {}) else None


def silent(stage: str, done: int, total: int) -> None:
    """Take progress and show none: `progress=medcutmix_cli.silent` keeps a notebook or a terminal clean."""


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
            if self._done or now - self._began >= _WORTH_A_LINE:
                self._print(line(self._stage, self._done, self._total, now - self._began))
            self._began = self._said = now

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def line(stage: str, done: int, total: int, seconds: float) -> str:
    """Say in one line how far a stage is: "rendering: 320 of 1,000 pairs, 41/s, 17 s left"."""
    told = tell_count(stage, done, total)
    parts = [f"{stage}: {told}"] if told else [f"{stage} ..."]
    if seconds >= 1 and done:
        parts.append(f"{_rate(done / seconds)}/s")
    if total > done > 0:
        parts.append(f"{duration((total - done) * seconds / done)} left")
    else:
        parts.append(duration(seconds))
    return ", ".join(parts)


def tell_count(stage: str, done: int, total: int) -> str:
    """Say what of a stage is done: "320 of 1,000 pairs", "5 studies"; "" where there is nothing to tell yet."""
    if not (done or total):
        return ""
    number = f"{done:,} of {total:,}" if total else f"{done:,}"
    return f"{number} {UNITS.get(stage, '')}".rstrip()


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
            self._end_stages()
            self._tasks[stage] = bars.add_task(stage, total=total or None, counted="")
        told = tell_count(stage, done, total)
        bars.update(self._tasks[stage], completed=done, total=total or None, counted=told)

    def close(self) -> None:
        """Leave the bars as they are and give the terminal back."""
        if self._bars:
            self._end_stages()
            self._bars.stop()

    def _end_stages(self) -> None:
        """End the bars of stages whose total nobody knew: they are done when another stage begins."""
        for task in self._bars.tasks if self._bars else ():
            if task.total is None and self._bars:
                self._bars.update(task.id, completed=task.completed or 1, total=task.completed or 1)

    def _open(self) -> RichProgress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bars = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[counted]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=Console(stderr=True),
            expand=True,
        )
        self._bars.start()
        return self._bars


class NotebookBar:
    """One bar a stage, under the cell of a notebook, in one output that is written over.

    Args:
        display: IPython's module `display`.
        clock: Seconds, never going back.
    """

    def __init__(self, display: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._display, self._clock = display, clock
        self._handle: Any = None
        self._stages: dict[str, str] = {}
        self._began: dict[str, float] = {}
        self._drawn = -DRAW_SECONDS

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take one report; draw it where the last one is a while ago, or the stage ends."""
        now = self._clock()
        began = self._began.setdefault(stage, now)
        share = f' value="{done}" max="{total}"' if total else ""
        self._stages[stage] = f"<progress{share}></progress> {line(stage, done, total, now - began)}"
        if (total and done >= total) or now - self._drawn >= DRAW_SECONDS:
            self._draw(now)

    def close(self) -> None:
        """Draw what was reported last."""
        if self._stages:
            self._draw(self._clock())

    def _draw(self, now: float) -> None:
        self._drawn = now
        shown = self._display.HTML("<br>".join(self._stages.values()))
        if self._handle is None:
            self._handle = self._display.display(shown, display_id=True)
        else:
            self._handle.update(shown)
