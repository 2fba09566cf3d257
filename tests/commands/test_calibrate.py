import json

import pytest

import medcutmix_cli
from medcutmix_cli.run.folder import RunFolder
from tests.builders import make_report
from tests.calls import medcutmix
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest

DENIED = make_report("There is no pleural effusion.", "No consolidation.", "No pneumothorax.")
GATE = "[mixing.options.null-max]\npictures = 5\nalpha = 0.4\nconfidence = 0.0\n"


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """Return a maker of planned runs with a gate that few pictures satisfy."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    source = write_manifest(tmp_path / "in", studies=24)
    rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
    for row in rows[12:]:
        row["report"] = DENIED
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(GATE)

    def plan(name, **options):
        chosen = None if options else recipe
        medcutmix_cli.plan(
            source, tmp_path / name, config=chosen, encoder="toy", shard_size=4, workers=1, **options
        )
        return tmp_path / name

    return plan


def test_a_gate_is_calibrated_once_and_rendering_takes_it_as_it_is(planned, capsys):
    ahead, usual = planned("ahead"), planned("usual")
    assert medcutmix("calibrate", ahead) == 0
    assert "calibrated now" in capsys.readouterr().out
    written = RunFolder(ahead).calibration_file.read_bytes()
    assert medcutmix("calibrate", ahead) == 0
    assert "calibrated before" in capsys.readouterr().out
    medcutmix_cli.render(ahead)
    medcutmix_cli.render(usual)
    assert RunFolder(ahead).calibration_file.read_bytes() == written
    assert output_bytes(ahead) == output_bytes(usual)


def test_json_is_one_document_with_known_keys(planned, capsys):
    assert medcutmix("calibrate", planned("run"), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"document", "gate", "guarantees", "made", "pictures", "left_out", "out"}
    assert document["made"]
    assert document["pictures"]


def test_a_run_without_a_gate_needs_none(planned, capsys):
    run = planned("run", gate="none", align="none")
    assert medcutmix("calibrate", run) == 0
    assert "Nothing to calibrate" in capsys.readouterr().out
    assert not RunFolder(run).calibration_file.exists()


def test_a_folder_without_a_plan_is_one_error(tmp_path, capsys):
    assert medcutmix("calibrate", tmp_path) == 1
    assert "there is no run in this folder" in capsys.readouterr().err
