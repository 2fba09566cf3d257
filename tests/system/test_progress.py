import ast
import io
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli.system import progress
from medcutmix_cli.system.progress import Lines, Silent, duration, line, meter


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
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) == 3 and isinstance(node.args[0], ast.Constant):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                found |= {node.args[0].value} if called in names else set()
    return found


def test_every_stage_has_a_unit():
    stages = stages_in_the_code()
    assert stages >= {"embedding", "calibrating", "rendering", "mapping"}
    assert stages <= set(progress.UNITS)


def test_where_stderr_is_closed_no_progress_is_told(monkeypatch):
    monkeypatch.setattr(progress.sys, "stderr", None)
    with meter() as report:
        report("reading", 1, 2)
    assert isinstance(report, Silent)
