import pytest

from medcutmix_cli import pipeline
from medcutmix_cli.accounts import run_status
from medcutmix_cli.engines import Moved
from medcutmix_cli.run_folder import RunFolder
from tests.calls import medcutmix
from tests.run_folders import make_row, write_run


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Put a finished run in the place of `render`; return what it was called with."""
    seen = {}

    def render(out, **options):
        seen.update(options, out=out)
        return run_status(RunFolder(write_run(tmp_path / "run", missing=1)))

    monkeypatch.setattr(pipeline, "render", render)
    return seen


def test_a_task_renders_its_share(calls):
    assert medcutmix("render", "OUT", "--task", 3, "--num-tasks", 16, "-q") == 0
    assert (calls["task"], calls["num_tasks"]) == (3, 16)


def test_what_has_moved_since_the_plan_is_said_in_six_options(calls):
    said = {
        "dataset": "d",
        "reports": "r.zip",
        "unpaired": "u",
        "weights": "w",
        "device": "cpu",
        "stage_dir": "s",
    }
    options = [word for name, at in said.items() for word in (f"--{name.replace('_', '-')}", at)]
    assert medcutmix("render", "OUT", *options, "-q") == 0
    assert {name: str(calls[name]) for name in Moved.__annotations__} == said


def test_how_many_pairs_may_fail_is_said_anew(tmp_path, capsys):
    run = write_run(tmp_path / "run", ([make_row(n) for n in range(9)],), failed=1)
    assert medcutmix("render", run, "-q") == 3
    assert medcutmix("render", run, "--max-fail-frac", 0.1, "-q") == 0
    assert medcutmix("render", run, "--max-fail-frac", 1.5, "-q") == 2


def test_what_other_tasks_have_still_to_do_is_no_failure(calls, capsys):
    assert medcutmix("render", "OUT") == 0
    assert "1 waiting" in capsys.readouterr().out


def test_a_negative_task_is_refused(calls):
    assert medcutmix("render", "OUT", "--task", -1) == 2
