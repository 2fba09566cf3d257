import errno
import os

import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "out")
    made.create()
    return made


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
    monkeypatch.setattr("medcutmix_cli.run.run_record.read_sealed", refuse)
    with pytest.raises(RunError, match=r"run\.json cannot be read \(permission denied\)") as caught:
        read_run(folder)
    assert caught.value.hint == "may you read it? ask whoever owns it"
