import json
import shutil
from collections import namedtuple

import pytest

from tests.calls import medcutmix
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest

KEYS = {
    "check", "document", "out", "plan", "task", "num_tasks", "shards_to_do", "pairs_to_do", "probe", "outlook", "space",
    "engine", "workers", "peak_memory_bytes", "encoder", "synthetic",
}  # fmt: skip
FLAGS = ("--encoder", "toy", "--gate", "none", "--align", "none", "--shard-size", 4, "--workers", 1)


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Return a data set of 12 studies, read with the toy encoder, in a terminal of 80 columns."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    monkeypatch.setenv("COLUMNS", "80")
    return write_manifest(tmp_path / "in")


@pytest.fixture
def full_disk(monkeypatch):
    """Leave 100 bytes on every disk."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1000, 900, 100))


def test_augment_says_what_it_would_take(source, tmp_path, capsys):
    assert medcutmix("augment", source, tmp_path / "out", *FLAGS, "--dry-run", "--probe", 4) == 0
    shown = capsys.readouterr()
    for said in ("12 in:", "pleural_effusion", "Refused", "4 pairs in", "it fits", "start-up", "Slurm"):
        assert said in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "probing: 8 of 8 pairs" in shown.err
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_plan_says_what_it_would_plan_and_renders_nothing(source, tmp_path, capsys):
    assert medcutmix("plan", source, tmp_path / "out", *FLAGS, "--dry-run") == 0
    shown = capsys.readouterr()
    assert "on disk; made in" in shown.out
    assert not any(word in shown.out + shown.err for word in ("Probe", "Time", "probing"))
    assert medcutmix("plan", source, tmp_path / "out", *FLAGS, "--dry-run", "--probe", 4) == 2


def test_render_says_what_is_left_of_a_task(source, tmp_path, capsys):
    out = tmp_path / "out"
    assert medcutmix("plan", source, out, *FLAGS, "-q") == 0
    assert medcutmix("render", out, "--task", 1, "--num-tasks", 2, "--dry-run", "--probe", 2) == 0
    shown = capsys.readouterr().out
    assert "task 1 of 2: 1 shard, 4 pairs" in shown
    assert "lies there already" in shown
    assert not list((out / "data").iterdir())


def test_json_is_one_document_with_known_keys(source, tmp_path, capsys):
    assert medcutmix("augment", source, tmp_path / "out", *FLAGS, "--dry-run", "--probe", 2, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == KEYS
    assert (document["document"], document["probe"]["pairs"]) == ("estimate", 2)


@pytest.mark.parametrize("form", ["", "--json", "-q"], ids=["plain", "json", "quiet"])
def test_a_disk_that_is_too_small_stops_what_would_follow(source, tmp_path, capsys, full_disk, form):
    code = medcutmix("augment", source, tmp_path / "out", *FLAGS, "--dry-run", "--probe", 4, *form.split())
    shown = capsys.readouterr()
    assert code == 1
    assert "not enough space: about" in shown.err
    assert "100 B free" in shown.err
    assert bool(shown.out) == (form != "-q")


def test_a_disk_that_is_too_small_for_what_is_left_does_not_matter_once_nothing_is(
    source, tmp_path, full_disk
):
    assert medcutmix("augment", source, tmp_path / "out", *FLAGS, "-q") == 0
    assert medcutmix("render", tmp_path / "out", "--dry-run", "-q") == 0


def test_a_run_with_other_settings_is_refused_with_the_difference(source, tmp_path, capsys):
    out = tmp_path / "out"
    assert medcutmix("plan", source, out, *FLAGS, "-q") == 0
    assert medcutmix("augment", source, out, *FLAGS, "--seed", 7, "--dry-run") == 1
    assert "seed" in capsys.readouterr().err


def test_probe_without_dry_run_is_a_mistake(source, tmp_path, capsys):
    assert medcutmix("augment", source, tmp_path / "out", *FLAGS, "--probe", 4) == 2
    assert "--dry-run" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_failing_pairs_are_said_and_no_error(source, tmp_path, capsys):
    out = tmp_path / "out"
    assert medcutmix("plan", source, out, *FLAGS, "-q") == 0
    for picture in source.glob("*.jpg"):
        picture.unlink()
    assert medcutmix("render", out, "--dry-run", "--probe", 4) == 0
    shown = capsys.readouterr().out
    assert "failed: image:image-missing" in shown
    assert "the figures tell little" in shown


@pytest.mark.parametrize("place", ["out", "file/out"])
def test_what_stops_a_run_at_once_is_said_before_a_study_is_read(
    source, tmp_path, capsys, monkeypatch, place
):
    (tmp_path / "file").touch()
    monkeypatch.setattr("medcutmix_cli.check_dataset", lambda *_, **__: pytest.fail("the data set is read"))
    flags = () if place == "out" else FLAGS
    assert medcutmix("augment", source, tmp_path / place, *flags, "--dry-run") == 1
    told = capsys.readouterr().err
    assert ("no encoder was named" if place == "out" else "cannot write") in told


def test_a_plan_without_any_pair_says_so(tmp_path, capsys):
    source = write_manifest(tmp_path / "in", studies=2, report="The lungs are clear.")
    assert medcutmix("augment", source, tmp_path / "out", "--encoder", "bundled", "--dry-run") == 5
    assert "no pair could be planned" in capsys.readouterr().err
    shutil.rmtree(source)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(("--mask", "nope"), id="a strategy"),
        pytest.param(("--engine", "nope"), id="an engine"),
        pytest.param(("--pairing", "nearest"), id="a strategy that lacks what it needs"),
        pytest.param(("--finding", "nope"), id="a finding"),
        pytest.param(("--findings", "nope.toml"), id="a lexicon"),
    ],
)
def test_an_option_that_makes_no_sense_is_told_as_without_a_dry_run_before_a_study_is_read(
    source, tmp_path, capsys, monkeypatch, wrong
):
    monkeypatch.setattr("medcutmix_cli.dry_run.dataset_check.studies_to_read", pytest.fail)
    told = []
    for how in ((), ("--dry-run",)):
        assert medcutmix("augment", source, tmp_path / "out", *FLAGS, *wrong, *how) == 2
        told.append(capsys.readouterr())
    assert told[0] == told[1]
    assert "error: " in told[1].err


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(("--encoder-option", "nope=1"), id="an option there is not"),
        pytest.param(("--precision", "fp99"), id="a precision there is not"),
        pytest.param(("--batch-size", -1), id="a size below 0"),
        pytest.param(("--features", "--encoder", "precomputed"), id="features of an encoder that keeps none"),
    ],
)
def test_nor_is_a_study_read_for_an_encoder_that_cannot_be(tmp_path, capsys, monkeypatch, wrong):
    source = write_manifest(tmp_path / "in", studies=2)
    monkeypatch.setattr("medcutmix_cli.dry_run.dataset_check.studies_to_read", pytest.fail)
    told = []
    for how in ((), ("--dry-run",)):
        asked = ("--encoder", "bundled", *wrong, *how)
        assert medcutmix("augment", source, tmp_path / "out", *asked) == 2
        told.append(capsys.readouterr().err.splitlines()[-2:])
    assert told[0] == told[1]
    assert told[1][0].startswith("error: ")
