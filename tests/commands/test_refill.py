import json

from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import piece_of
from tests.calls import medcutmix
from tests.run.test_refill import A, pair, rejected_run


def test_a_refill_is_told_and_then_there_are_shards_to_render(tmp_path, capsys):
    run = rejected_run(tmp_path / "run", [pair(0), pair(1)], [pair(9)], {A: 2}, {0}).root
    assert medcutmix("refill", run) == 0
    said = capsys.readouterr().out
    assert "1 lacking, 1 pair of the reserve taken" in said
    assert f"medcutmix render {run}" in said
    assert piece_of(RunFolder(run).plan_file, 1).is_file()
    medcutmix("status", run, "--retry-expr", "--num-tasks", 2)
    assert capsys.readouterr().out == "1\n"


def test_a_refill_as_json_has_known_keys(tmp_path, capsys):
    run = rejected_run(tmp_path / "run", [pair(0)], [pair(9)], {A: 1}, set()).root
    assert medcutmix("refill", run, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {"pairs": 0, "shards": 0, "lacking": {}, "short": ""}.items() <= found.items()


def test_quiet_says_nothing(tmp_path, capsys):
    run = rejected_run(tmp_path / "run", [pair(0)], [pair(9)], {A: 1}, {0}).root
    assert medcutmix("refill", run, "--quiet") == 0
    assert capsys.readouterr().out == ""


def test_a_run_that_is_not_complete_is_an_error_that_says_what_to_type(tmp_path, capsys):
    folder = rejected_run(tmp_path / "run", [pair(0)], [pair(9)], {A: 1}, {0})
    folder.state_file(0).unlink()
    assert medcutmix("refill", folder.root) == 1
    assert f"medcutmix render {folder.root}" in capsys.readouterr().err
