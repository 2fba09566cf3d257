import ast
import inspect
import io
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import medcutmix_cli
from medcutmix_cli.system import progress
from medcutmix_cli.system.progress import (
    Lines,
    NotebookBar,
    Silent,
    duration,
    line,
    meter,
    notebook_display,
    show_progress,
    silent,
)
from tests import syntax


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def make_lines():
    clock, stream = Clock(), io.StringIO()
    return Lines(stream, clock), clock, stream


def test_a_log_gets_one_line_every_30_seconds():
    lines, clock, stream = make_lines()
    for second in range(91):
        clock.now = 100.0 + second
        lines("rendering", second, 1000)
    assert len(stream.getvalue().splitlines()) == 3


def test_the_end_of_a_stage_is_said_once():
    lines, clock, stream = make_lines()
    lines("reading", 1, 2)
    clock.now += 4
    lines("reading", 2, 2)
    lines("reading", 2, 2)
    lines.close()
    assert stream.getvalue() == "reading: 2 of 2 studies, 0.5/s, 4.0 s\n"


def test_a_new_stage_ends_the_one_before():
    lines, _, stream = make_lines()
    lines("reading", 5, 0)
    lines("pairing", 1, 2)
    assert stream.getvalue() == "reading: 5 studies, 0.0 s\n"


def test_a_line_says_rate_and_time_left():
    assert line("rendering", 320, 1000, 8.0) == "rendering: 320 of 1,000 pairs, 40/s, 17 s left"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.26, "0.3 s"), (42, "42 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")]
)
def test_times_are_written_as_people_do(seconds, said):
    assert duration(seconds) == said


def test_a_stage_that_counts_nothing_is_named_where_it_takes_its_time():
    lines, clock, stream = make_lines()
    lines("loading libraries", 0, 0)
    clock.now += 0.5
    lines("loading scispaCy", 0, 0)
    clock.now += 4
    lines("listing", 0, 0)
    clock.now += 0.1
    lines("listing", 7, 7)
    assert stream.getvalue() == "loading scispaCy ..., 4.0 s\nlisting: 7 of 7 studies, 0.1 s\n"


def test_a_stage_that_waits_long_says_so_in_a_log():
    lines, clock, stream = make_lines()
    lines("listing", 0, 0)
    clock.now += 31
    lines("listing", 0, 0)
    assert stream.getvalue() == "listing ..., 31 s\n"


@pytest.mark.parametrize(
    ("done", "total", "told"),
    [(0, 0, ""), (5, 0, "5 studies"), (0, 9, "0 of 9 studies"), (9, 9, "9 of 9 studies")],
)
def test_what_is_not_counted_yet_is_not_said_to_be_none(done, total, told):
    assert progress.tell_count("reading", done, total) == told


def test_a_bar_leaves_no_question_mark_and_no_zero_behind(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with meter() as report:
        report("loading libraries", 0, 0)
        report("listing", 0, 0)
        report("listing", 5, 0)
        report("pairing", 1, 2)
        report("pairing", 2, 2)
        bars = report._bars
    assert all(task.finished for task in bars.tasks)
    shown = capsys.readouterr().err
    assert "0/?" not in shown
    assert "0 studies" not in shown
    assert "5 studies" in shown


def test_quiet_prints_nothing(capsys):
    with meter(quiet=True) as report:
        assert isinstance(report, Silent)
        report("reading", 1, 1)
    assert capsys.readouterr().err == ""


def test_a_pipe_gets_lines_and_no_bar(capsys, monkeypatch):
    monkeypatch.setattr(progress, "Lines", lambda stream: Lines(stream, Clock()))
    with meter() as report:
        report("reading", 1, 1)
    assert capsys.readouterr().err == "reading: 1 of 1 studies, 0.0 s\n"


@pytest.mark.parametrize(("term", "kind"), [("xterm", "Bar"), ("dumb", "Lines")])
def test_a_terminal_gets_a_bar_unless_it_is_dumb(monkeypatch, term, kind):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", term)
    with meter() as report:
        assert type(report).__name__ == kind
        report("reading", 1, 2)
        report("reading", 2, 2)


def stages_in_the_code():
    """Return every stage that the package reports: the first argument of a call that reports progress."""
    names = {"progress", "report", "_progress", "_note"}
    found = set()
    for path in Path(medcutmix_cli.__file__).parent.rglob("*.py"):
        for node in ast.walk(syntax.tree(path)):
            if isinstance(node, ast.Call) and len(node.args) == 3 and isinstance(node.args[0], ast.Constant):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                found |= {node.args[0].value} if called in names else set()
    return found


def test_every_stage_has_a_unit():
    stages = stages_in_the_code()
    assert stages >= {"embedding", "calibrating", "rendering", "mapping"}
    assert stages - set(progress.UNITS) == set(progress.UNCOUNTED)


class Screen:
    """IPython's module `display`, as far as it is used."""

    def __init__(self) -> None:
        self.shown = []

    def HTML(self, text):  # noqa: N802
        return text

    def display(self, shown, *, display_id):
        assert display_id
        self.shown.append(shown)
        return SimpleNamespace(update=self.shown.append)


@show_progress
def work(*, progress=None):
    """Report two of three."""
    progress("reading", 2, 3)
    return progress


def test_a_function_shows_a_bar_to_a_person_in_a_terminal_and_nothing_elsewhere(monkeypatch):
    assert type(work()) is Silent
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert type(work()).__name__ == "Bar"
    monkeypatch.setenv("TERM", "dumb")
    assert type(work()) is Silent


def test_who_says_where_progress_goes_gets_it_there_only(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    told = []
    work(progress=lambda *report: told.append(report))
    assert told == [("reading", 2, 3)]
    assert work(progress=silent) is silent


def make_notebook(monkeypatch, **config):
    """Pretend that this process is one in which IPython runs, as a kernel where its config says so."""
    screen, ipython = Screen(), ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(config=config)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", screen)
    return screen


def test_a_notebook_gets_a_bar_under_the_cell_that_is_written_over(monkeypatch):
    screen = make_notebook(monkeypatch, IPKernelApp={})
    assert type(work()) is NotebookBar
    assert len(screen.shown) == 2  # at once, and when it was closed
    assert '<progress value="2" max="3">' in screen.shown[-1]
    assert "reading: 2 of 3 studies" in screen.shown[-1]


def test_ipython_in_a_terminal_is_a_terminal(monkeypatch):
    make_notebook(monkeypatch)
    assert notebook_display() is None
    monkeypatch.delitem(sys.modules, "IPython")
    assert notebook_display() is None


def test_a_notebook_is_told_seldom_and_of_every_end():
    clock, screen = Clock(), Screen()
    bar = NotebookBar(screen, clock)
    for done in range(1, 1001):
        clock.now += 0.001
        bar("reading", done, 1000)
    assert len(screen.shown) in range(4, 8)
    assert "1,000 of 1,000" in screen.shown[-1]
    bar("pairing", 3, 0)
    bar.close()
    assert "<progress></progress> pairing: 3 studies" in screen.shown[-1]
    assert "reading" in screen.shown[-1]


def test_every_function_of_the_api_that_reports_shows_it_unless_told_otherwise():
    reporting = {
        name
        for name in medcutmix_cli.__all__
        if callable(thing := getattr(medcutmix_cli, name))
        and not isinstance(thing, type)
        and "progress" in inspect.signature(thing).parameters
    }
    shown = {name for name in reporting if hasattr(getattr(medcutmix_cli, name), "__wrapped__")}
    assert len(shown) > 12
    assert reporting - shown == {"write_sample"}


def test_where_stderr_is_closed_no_progress_is_told(monkeypatch):
    monkeypatch.setattr(progress.sys, "stderr", None)
    with meter() as report:
        report("reading", 1, 2)
    assert isinstance(report, Silent)
