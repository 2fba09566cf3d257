import pytest

from medcutmix_cli import pipeline
from medcutmix_cli.accounts import run_status
from medcutmix_cli.run_folder import RunFolder
from tests.calls import medcutmix
from tests.run_folders import write_run


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
    assert medcutmix("render", "OUT", "--task", 3, "--num-tasks", 16, "--dataset", "moved", "-q") == 0
    assert (calls["task"], calls["num_tasks"], str(calls["dataset"])) == (3, 16, "moved")


def test_what_other_tasks_have_still_to_do_is_no_failure(calls, capsys):
    assert medcutmix("render", "OUT") == 0
    assert "1 waiting" in capsys.readouterr().out


def test_a_negative_task_is_refused(calls):
    assert medcutmix("render", "OUT", "--task", -1) == 2
