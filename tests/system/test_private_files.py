import os
import stat
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli.errors import RunError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.system.atomic_files import publish, publish_first
from medcutmix_cli.system.private_files import make_private, make_private_folder
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def _open_umask():
    """Let others read and write whatever is made without a thought."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())


def open_to_others(run):
    """Return what others may do something with, of a run folder and all below it."""
    return [str(path.relative_to(run)) for path in [run, *run.rglob("*")] if mode(path) & 0o077]


@pytest.mark.parametrize("put", [publish, publish_first])
def test_a_published_file_is_the_owners_alone_while_it_is_written_and_after(tmp_path, put):
    with put(tmp_path / "plan.parquet") as temporary:
        assert mode(temporary) == 0o600
        temporary.write_text("text")
    assert mode(tmp_path / "plan.parquet") == 0o600


@pytest.mark.parametrize("before", [0o755, 0o777, 0o750])
def test_a_run_is_private_whatever_its_folder_was_before(tmp_path, toy, before):
    run = tmp_path / "run"
    run.mkdir()
    run.chmod(before)
    medcutmix_cli.augment(
        write_manifest(tmp_path / "in"), run, encoder="toy", gate="none", align="none", shard_size=5
    )
    assert len(list(run.rglob("*"))) > 8
    assert open_to_others(run) == []
    assert mode(run) == 0o700


def test_what_an_earlier_version_left_open_is_closed_when_the_run_goes_on(tmp_path, toy):
    source, run = write_manifest(tmp_path / "in"), tmp_path / "run"
    medcutmix_cli.plan(source, run, encoder="toy", gate="none", align="none", shard_size=5)
    for path in [*run.rglob("*"), run]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    medcutmix_cli.render(run)
    assert open_to_others(run) == []


def test_a_page_of_pairs_is_the_owners_alone(tmp_path, toy):
    source, run = write_manifest(tmp_path / "in"), tmp_path / "run"
    medcutmix_cli.augment(source, run, encoder="toy", gate="none", align="none")
    page = tmp_path / "page.html"
    medcutmix_cli.write_gallery(run, page)
    assert mode(page) == 0o600


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_cannot_be_made_private_is_refused_with_the_reason(tmp_path, monkeypatch, kind):
    path = tmp_path / "there"
    path.mkdir() if kind == "folder" else path.touch()
    path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", lambda *_arguments: None)  # as a disk that keeps no rights
    with pytest.raises(RunError, match=r"mode 755.*cannot be made private") as caught:
        make_private(path)
    assert caught.value.where == str(path)
    assert "of your own" in caught.value.hint


def test_the_folder_of_somebody_else_is_refused_before_any_report_is_written(tmp_path, toy, monkeypatch):
    run = tmp_path / "run"
    run.mkdir()

    def refuse(*_arguments):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(RunError, match="cannot be made private"):
        medcutmix_cli.plan(write_manifest(tmp_path / "in"), run, encoder="toy", gate="none", align="none")
    assert list(run.iterdir()) == []


def test_the_rights_of_the_owner_stay(tmp_path):
    (tmp_path / "read-only").touch()
    (tmp_path / "read-only").chmod(0o444)
    make_private(tmp_path / "read-only")
    assert mode(tmp_path / "read-only") == 0o400
    make_private_folder(tmp_path / "new" / "inner")
    assert mode(tmp_path / "new" / "inner") == 0o700


def test_a_folder_of_a_run_is_made_private_before_its_files_are_looked_at(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.create()
    assert [mode(path) for path in folder.folders] == [0o700] * 4
