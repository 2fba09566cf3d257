from dataclasses import replace

import pytest

import medcutmix_cli
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.manifest import check_files, check_seals, list_files, stray_files
from medcutmix_cli.run.run_record import read_run, write_run
from tests.sealed_files import change_sealed
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a run that is planned and not rendered."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    source = write_manifest(tmp_path / "in")
    medcutmix_cli.plan(source, tmp_path / "run", encoder="toy", gate="none", align="none", shard_size=6)
    return RunFolder(tmp_path / "run")


def faults(run, *, hashes=True):
    return [(fault.where, fault.rule) for fault in check_files(run, read_run(run), hashes=hashes)]


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_run_json_lists_all_that_planning_wrote(run):
    record = read_run(run)
    assert record.files == list_files(run, record)
    assert {*record.files} == {"plan.parquet", "reserve.parquet", "nulls.parquet", "row.schema.json"}
    assert faults(run) == []


@pytest.mark.parametrize("name", ["plan.parquet", "reserve.parquet", "nulls.parquet", "row.schema.json"])
def test_a_file_that_changed_is_named_by_what_is_wrong_with_it(run, name):
    path = run.root / name
    flip(path)
    assert faults(run) == [(name, "hash")]
    assert faults(run, hashes=False) == []
    path.write_bytes(path.read_bytes() + b" ")
    assert faults(run, hashes=False) == [(name, "size")]
    path.unlink()
    assert faults(run, hashes=False) == [(name, "missing")]


def test_a_file_that_run_json_does_not_list_is_named(run):
    change_sealed(run.run_file, lambda said: said["files"].pop("nulls.parquet"))
    assert faults(run) == [("nulls.parquet", "seal")]


def test_small_files_are_named_by_their_seals(run):
    flip(run.card_file)
    run.state_file(0).write_text("{}")
    found, unsealed = check_seals(run, read_run(run))
    assert [(fault.where, fault.rule) for fault in found] == [
        ("README.md", "seal"),
        ("state/part-00000.json", "seal"),
    ]
    assert all("; " in fault.detail for fault in found)  # what is wrong; what to do
    assert unsealed == ()


def test_files_of_an_earlier_version_are_counted_and_no_fault(run):
    record = replace(read_run(run), format=1, files={})
    write_run(run, record)
    text = run.card_file.read_text().partition("<!-- sha256")[0]
    run.card_file.write_text(text)
    found, unsealed = check_seals(run, record)
    assert (found, unsealed) == ([], ("README.md",))
    assert list(check_files(run, record, hashes=True)) == []


def test_a_state_file_that_no_shard_of_the_plan_has_is_a_stray(run):
    run.state_file(99).write_text("{}")
    run.failures_file(99).write_text("")
    run.attempts_file(0).write_text("1")
    strays = [fault.where for fault in stray_files(run, len(read_run(run).shards))]
    assert strays == ["state/part-00099.json", "failures/part-00099.jsonl"]
