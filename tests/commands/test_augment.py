"""`augment` and `plan`: one list of options for both."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli.configuration.keywords import PlanKeywords
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.status import run_status
from tests.calls import medcutmix
from tests.run_folders import write_run
from tests.trees import write_manifest

STATUS_KEYS = {
    "balanced", "bytes", "chosen", "complete", "document", "dropped", "encoder", "fail_fraction", "failed",
    "fingerprint", "begun", "images_dropped", "max_fail_frac", "missing", "notes", "out", "pairs_missing", "planned",
    "refused", "rejected", "seconds", "shards", "studies", "synthetic", "too_many_failures", "waiting",
    "with_failures", "written", "mixed", "unmixed", "gate", "guarantees", "has_no_pair", "has_no_mix", "refills",
    "bounds", "reserve", "reserved", "shape", "targets", "warnings",
}  # fmt: skip


@pytest.fixture
def api(monkeypatch, tmp_path):
    """Put a run on disk in the place of `augment` and `plan`; return what they were called with."""
    calls = {}

    def run(dataset, out, **options):
        calls.update(dataset=dataset, out=out, **options)
        return run_status(RunFolder(write_run(tmp_path / "run", failed=calls.get("fails", 0))))

    for word in ("augment", "plan"):
        monkeypatch.setattr(medcutmix_cli, word, run, raising=False)
    return calls


@pytest.mark.parametrize("word", ["augment", "plan"])
def test_every_option_of_the_api_has_a_flag(api, word):
    assert medcutmix(word, "DATA", "OUT", "-q") == 0
    others = {"dataset", "out", "config", "progress"} | ({"retry_failed"} if word == "augment" else set())
    assert set(api) - others == set(PlanKeywords.__annotations__)


def test_a_flag_that_is_not_given_hides_no_recipe(api):
    medcutmix("augment", "DATA", "OUT", "-q")
    assert all(api[name] is None for name in PlanKeywords.__annotations__)


def test_flags_reach_the_api_as_what_they_are(api):
    flags = "--encoder bundled --pairs-per-study 3 --seed 7 --workers 2 --shard-size 10 --max-fail-frac 0.2"
    more = "--split train --split test --finding mass,nodule --column image=file --canvas 672 --reports r.zip"
    assert medcutmix("augment", "DATA", "OUT", "-q", "--config", "r.toml", *flags.split(), *more.split()) == 0
    assert (api["dataset"], api["out"], api["config"]) == (Path("DATA"), Path("OUT"), Path("r.toml"))
    assert (api["encoder"], api["pairs_per_study"], api["seed"], api["workers"]) == ("bundled", 3, 7, 2)
    assert (api["shard_size"], api["max_fail_frac"], api["canvas"]) == (10, 0.2, 672)
    assert (api["splits"], api["findings"]) == (("train", "test"), ("mass", "nodule"))
    assert (api["columns"], api["reports"]) == ({"image": "file"}, "r.zip")


@pytest.mark.parametrize("word", ["augment", "plan"])
def test_help_tells_the_defaults_of_the_settings_tree(capsys, monkeypatch, word):
    monkeypatch.setenv("COLUMNS", "400")
    medcutmix(word, "--help")
    told = dict(re.findall(r"--([a-z-]+) .*\[default: ([^\]]+)\]", capsys.readouterr().out))
    settings = Settings()
    known = {}
    for table in dataclasses.fields(settings):
        known |= dataclasses.asdict(getattr(settings, table.name))
    renamed = {"split": "splits", "finding": "findings", "image-format": "format", "unpaired-as": "unpaired"}
    spoken = {
        "workers": "the CPUs allowed",
        "batch-size": "1 on a CPU, 32 on a GPU",
        "finding": "all with a place of their own",
        "target": "no cell",
    }
    assert told.keys() >= {"seed", "canvas", "shard-size", "blend", "split"}
    for flag, said in told.items():
        value = known[renamed.get(flag, flag).replace("-", "_")]
        plain = ", ".join(value) if isinstance(value, tuple) else str(value)
        assert said == spoken.get(flag, plain), flag


def test_json_is_one_document_with_known_keys(api, capsys):
    assert medcutmix("augment", "DATA", "OUT", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == STATUS_KEYS
    assert (document["document"], document["out"], document["written"]) == ("status", "OUT", 1)


def test_the_summary_is_data_and_the_rest_is_not(api, capsys, monkeypatch, tmp_path):
    assert medcutmix("augment", "DATA", tmp_path / "run") == 0
    shown = capsys.readouterr()
    assert "4 in: 1 planned, 3 left out" in shown.out
    assert "medcutmix verify" in shown.out
    assert shown.err == ""


def test_verbose_tells_every_setting_with_its_origin(api, capsys, tmp_path):
    medcutmix("augment", "DATA", tmp_path / "run", "-v")
    assert re.search(r"plan\.seed +0 +flag", capsys.readouterr().out)


@pytest.mark.parametrize("place", ["before", "after"])
def test_quiet_may_stand_before_or_after_the_word(api, capsys, place):
    words = ["-q", "augment"] if place == "before" else ["augment", "-q"]
    assert medcutmix(*words, "DATA", "OUT") == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


@pytest.mark.parametrize("typed", ["efusion", "pleural effusion"])
def test_a_finding_that_there_is_not_is_answered_with_the_one_that_was_meant(tmp_path, capsys, typed):
    source = write_manifest(tmp_path / "in", studies=2)
    assert medcutmix("plan", source, tmp_path / "out", "--encoder", "bundled", "--finding", typed) == 2
    assert "did you mean 'pleural_effusion'?" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["", "--json", "-q"], ids=["plain", "json", "quiet"])
def test_too_many_failures_exit_3_and_are_said_once(api, capsys, form):
    api["fails"] = 3
    assert medcutmix("augment", "DATA", "OUT", *form.split()) == 3
    shown = capsys.readouterr()
    assert (shown.out + shown.err).count("failed, more than") + shown.err.count("pairs failed:") == 1


def test_a_plan_without_any_pair_says_so(tmp_path, capsys):
    source = write_manifest(tmp_path / "in", studies=2, report="The lungs are clear.")
    assert medcutmix("plan", source, tmp_path / "out", "--encoder", "bundled") == 5
    shown = capsys.readouterr()
    assert "2  no-exchangeable-finding" in shown.out
    assert "error: no pair could be planned: no-exchangeable-finding (2 studies)" in shown.err
    assert "--pairing normal-host" in shown.err
    assert "Next" not in shown.out
