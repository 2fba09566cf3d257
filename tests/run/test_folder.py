import errno
import json
import os
from pathlib import Path

import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.folder import RunFolder, read_run, read_state, write_text
from medcutmix_cli.system.atomic_files import publish_first
from medcutmix_cli.system.storage_errors import explain_storage_errors


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "out")
    made.create()
    return made


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_refused_write_says_where_and_what_to_do(tmp_path, code):
    with pytest.raises(RunError) as caught, explain_storage_errors(tmp_path):
        raise OSError(code, os.strerror(code))
    assert caught.value.where == str(tmp_path)
    assert caught.value.hint


def test_of_two_files_the_first_counts_also_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def refuse(*_paths):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    for text in ("first", "second"):
        with publish_first(tmp_path / "calibration.json") as temporary:
            temporary.write_text(text)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["first"]


def test_an_error_that_is_no_refused_write_passes_unchanged(tmp_path):
    with pytest.raises(OSError, match="pipe"), explain_storage_errors(tmp_path):
        raise OSError(errno.EPIPE, "pipe")


def test_a_file_in_the_way_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        RunFolder(tmp_path / "file" / "out").create()


def test_a_folder_is_made_before_the_work_and_goes_again_if_nothing_came(tmp_path):
    out = RunFolder(tmp_path / "a" / "b" / "out")
    with out.claim_for_planning():
        assert list(tmp_path.rglob("*"))[-1] == out.root
    assert list(tmp_path.iterdir()) == []
    with out.claim_for_planning():
        (out.root / "plan.parquet").touch()
    assert [path.name for path in out.root.iterdir()] == ["plan.parquet"]


def test_a_folder_that_was_there_stays_with_its_rights(tmp_path):
    tmp_path.chmod(0o755)
    with RunFolder(tmp_path).claim_for_planning():
        pass
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_where_no_folder_can_be_made_another_is_asked_for_and_nothing_is_done():
    with pytest.raises(RunError) as caught, RunFolder(Path("/proc/x")).claim_for_planning():
        pytest.fail("the work began")
    assert caught.value.hint.startswith("choose an output folder")


def test_a_plan_without_run_json_was_interrupted(folder):
    folder.plan_file.write_bytes(b"")
    with pytest.raises(RunError) as caught:
        read_run(folder)
    assert "interrupted" in caught.value.hint


@pytest.mark.parametrize("text", ["{", "[]", '{"settings": 1}'])
def test_a_damaged_run_json_is_one_clear_error(folder, text):
    folder.run_file.write_text(text)
    with pytest.raises(RunError, match=r"run\.json cannot be read"):
        read_run(folder)


def test_a_run_json_that_may_not_be_read_is_not_said_to_be_edited(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    folder.run_file.write_text("{}")
    monkeypatch.setattr("medcutmix_cli.run.folder.read_sealed", refuse)
    with pytest.raises(RunError, match=r"run\.json cannot be read \(permission denied\)") as caught:
        read_run(folder)
    assert caught.value.hint == "may you read it? ask whoever owns it"


def test_a_damaged_state_file_is_one_clear_error(folder):
    folder.state_file(0).write_text("{")
    with pytest.raises(RunError) as caught:
        read_state(folder, 0)
    assert "rendered again" in caught.value.hint


@pytest.mark.parametrize("change", [{"written": "many"}, {"shard": 4}, {"bytes": -1}])
def test_a_state_file_with_numbers_that_cannot_be_is_one_clear_error(folder, change):
    state = {"shard": 0, "planned": 1, "written": 1, "rejected": {}, "failed": {}, "sha256": "", "bytes": 1}
    folder.state_file(0).write_text(
        json.dumps(state | {"seconds": 0.1, "device": "cpu", "attempts": 1} | change)
    )
    with pytest.raises(RunError, match="state file"):
        read_state(folder, 0)


def test_a_text_that_is_there_already_is_not_written_again(tmp_path, monkeypatch):
    path = tmp_path / "README.md"
    for text in ("first\n", "second\n"):
        write_text(path, text)
        assert path.read_text() == text
    monkeypatch.setattr("medcutmix_cli.run.folder.publish", lambda path: pytest.fail(f"written: {path}"))
    write_text(path, "second\n")
