"""What is typed reaches `prepare` as it was meant."""

import pytest

from medcutmix_cli.preparation import prepare as preparation
from tests.calls import medcutmix


@pytest.fixture
def calls(monkeypatch):
    """What `prepare` was called with."""
    seen = {}

    def noted(dataset, cache, **options):
        seen.update(options, dataset=str(dataset), cache=str(cache))
        return preparation.CacheSummary(cache, (448,), 3, 1, 0, 2_000, {})

    monkeypatch.setattr(preparation, "prepare", noted)
    return seen


def test_options_are_passed_on(calls, capsys):
    typed = ["--canvas", "224", "--task", "1", "--num-tasks", "4", "--check", "--split", "train"]
    assert medcutmix("prepare", "DATA", "CACHE", *typed) == 0
    assert (calls["dataset"], calls["cache"], calls["canvas"]) == ("DATA", "CACHE", 224)
    assert (calls["task"], calls["num_tasks"], calls["check"]) == (1, 4, True)
    assert list(calls["splits"]) == ["train"]
    assert "medcutmix augment DATA RUN --prepared CACHE" in capsys.readouterr().out


def test_quiet_prints_nothing(calls, capsys):
    assert medcutmix("prepare", "DATA", "CACHE", "-q") == 0
    assert capsys.readouterr().out == ""
    assert calls["check"] is False
