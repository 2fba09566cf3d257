from importlib import metadata

import pytest

import medcutmix_cli
from medcutmix_cli.assembly import parts
from medcutmix_cli.assembly.libraries import DECISIVE, library_versions
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from tests.sealed_files import change_sealed
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())


def planned(tmp_path, name="run"):
    source = write_manifest(tmp_path / "in")
    medcutmix_cli.plan(source, tmp_path / name, encoder="toy", gate="none", align="none", shard_size=5)
    return RunFolder(tmp_path / name)


def test_the_record_of_a_run_names_the_libraries_that_decide_bytes(tmp_path):
    folder = planned(tmp_path)
    record = read_run(folder)
    assert record.libraries == library_versions()
    assert record.libraries["numpy"] == metadata.version("numpy")
    assert {"python", "torch", "pyarrow", "spacy"} <= set(record.libraries)
    assert set(record.libraries) <= {"python", *DECISIVE}
    assert f"torch | {metadata.version('torch')}" in folder.card_file.read_text(encoding="utf-8")


def test_another_patch_of_a_library_is_the_same_run_and_gives_the_same_shards(tmp_path, monkeypatch):
    folder = planned(tmp_path)
    before = read_run(folder)
    monkeypatch.setattr(parts, "library_versions", lambda: {"numpy": "0"})
    assert read_run(planned(tmp_path)).libraries == before.libraries, "the plan is that of the first call"
    other = planned(tmp_path, "other")
    assert read_run(other).fingerprint == before.fingerprint
    for run in (folder, other):
        medcutmix_cli.render(run.root)
    shards = [
        {k: v for k, v in output_bytes(run.root).items() if k.startswith("data")} for run in (folder, other)
    ]
    assert shards[0] == shards[1] != {}


def test_a_run_of_an_earlier_version_that_names_none_is_read(tmp_path):
    folder = planned(tmp_path)
    change_sealed(folder.run_file, lambda said: said.pop("libraries"))
    assert read_run(folder).libraries == {}
    assert medcutmix_cli.render(folder.root).written
