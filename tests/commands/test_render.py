from dataclasses import replace

import pytest

from medcutmix_cli import pipeline
from medcutmix_cli.assembly.relocation import relocate_settings
from medcutmix_cli.configuration.keywords import CalibrateKeywords
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.status import run_status
from tests.calls import medcutmix
from tests.run_folders import make_row, write_run


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Put a finished run in the place of `render`; return what it was called with."""
    seen = {}

    def render(out, **options):
        there = write_run(tmp_path / "run", missing=1)
        seen.update(options, out=out, out_there=there)
        return run_status(RunFolder(there))

    monkeypatch.setattr(pipeline, "render", render)
    return seen


def test_a_task_renders_its_share(calls):
    assert medcutmix("render", "OUT", "--task", 3, "--num-tasks", 16, "-q") == 0
    assert (calls["task"], calls["num_tasks"]) == (3, 16)


def test_what_has_moved_since_the_plan_is_said_in_seven_options(calls):
    said = {
        "dataset": "d",
        "reports": "r.zip",
        "unpaired": "u",
        "weights": "w",
        "device": "cpu",
        "stage_dir": "s",
        "prepared": "c",
    }
    options = [word for name, at in said.items() for word in (f"--{name.replace('_', '-')}", at)]
    assert medcutmix("render", "OUT", *options, "-q") == 0
    assert {name: calls[name] for name in CalibrateKeywords.__annotations__} == said | {"workers": None}


def test_how_many_pairs_may_fail_is_said_anew(tmp_path, capsys):
    run = write_run(tmp_path / "run", ([make_row(n) for n in range(9)],), failed=1)
    assert medcutmix("render", run, "-q") == 3
    assert medcutmix("render", run, "--max-fail-frac", 0.1, "-q") == 0
    assert medcutmix("render", run, "--max-fail-frac", 1.5, "-q") == 2


def test_what_other_tasks_have_still_to_do_is_no_failure(calls, capsys):
    assert medcutmix("render", "OUT") == 0
    assert "1 waiting" in capsys.readouterr().out


def test_too_many_failures_are_an_end_only_when_nothing_is_left(tmp_path, capsys):
    shards = ([make_row(0)], [make_row(1)])
    assert medcutmix("status", write_run(tmp_path / "under-way", shards, failed=1, missing=1)) == 0
    assert "more than the 1.0% allowed" in " ".join(capsys.readouterr().out.split())
    assert medcutmix("status", write_run(tmp_path / "finished", shards, failed=1)) == 3


def test_no_staging_folder_is_a_way_to_turn_it_off(calls):
    assert medcutmix("render", "OUT", "--stage-dir", "", "-q") == 0
    assert calls["stage_dir"] == ""
    record = read_run(RunFolder(calls["out_there"]))
    planned = replace(
        record, settings=record.settings | {"run": record.settings["run"] | {"stage_dir": "/x"}}
    )
    assert relocate_settings(planned, {"run.stage_dir": ""}).run.stage_dir == ""
    assert relocate_settings(planned, {}).run.stage_dir == "/x"


def test_a_negative_task_is_refused(calls):
    assert medcutmix("render", "OUT", "--task", -1) == 2
