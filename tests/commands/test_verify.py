"""`medcutmix verify`: what it says of what was found, and its exit codes."""

import json

import pytest

from medcutmix_cli.inspection import verification
from medcutmix_cli.inspection.verification import Level, Problem, Verification
from tests.calls import medcutmix
from tests.run_folders import make_row, write_run

LISTS = ("remade", "not_remade", "unsealed")


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(0), make_row(1, "mass")],))


@pytest.fixture
def verdict(monkeypatch):
    """Return a function that decides what `verify` finds."""

    def decide(*problems):
        found = Verification(1, 2, Level.THOROUGH, problems)
        monkeypatch.setattr(verification, "verify", lambda *_, **__: found)

    return decide


def test_a_run_that_keeps_its_promises_exits_0(run, verdict, capsys):
    verdict()
    assert medcutmix("verify", run) == 0
    assert "verified 1 shard, 2 rows" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["", "-q"], ids=["plain", "quiet"])
def test_a_broken_rule_exits_4_and_is_told_even_if_quiet(run, verdict, capsys, form):
    verdict(Problem("part-00000.parquet", "hash", "is not the file that was written"))
    assert medcutmix("verify", run, *form.split()) == 4
    assert "hash" in capsys.readouterr().out


def test_problems_are_in_the_json(run, verdict, capsys):
    verdict(Problem("part-00000.parquet", "hash", "is not the file that was written"))
    assert medcutmix("verify", run, "--json") == 4
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"document", "kind", "level", "ok", "out", "problems", "rows", "shards", *LISTS}
    assert document["problems"] == [
        {"where": "part-00000.parquet", "rule": "hash", "detail": "is not the file that was written"}
    ]


def test_what_is_asked_for_is_handed_on(run, monkeypatch, tmp_path):
    asked = {}

    def answer(_out, **options):
        asked.update(options)
        return Verification(1, 2, Level.DEEP, ())

    monkeypatch.setattr(verification, "verify", answer)
    assert medcutmix("verify", run, "--deep", "--maps", "--split-file", tmp_path / "split.csv") == 0
    assert (asked["deep"], asked["maps"], asked["split_file"]) == (True, True, tmp_path / "split.csv")


def test_a_changed_run_json_is_one_problem_and_exits_4(run, capsys):
    (run / "run.json").write_text((run / "run.json").read_text().replace("shard_size", "shard_sizf"))
    assert medcutmix("verify", run) == 4
    assert "run.json" in capsys.readouterr().out
