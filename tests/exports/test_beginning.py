import json

import pytest

from medcutmix_cli.errors import RunConflictError, RunError
from medcutmix_cli.exports import beginning
from medcutmix_cli.exports.beginning import begin_export
from medcutmix_cli.exports.manifest import ExportFolder, ExportRequest


def request(**changes):
    whole = {
        "profile": "llava",
        "options": {"question": "What?"},
        "originals": "none",
        "splits": (),
        "caption": "sections",
        "fingerprint": "f" * 64,
        "shards": (3,),
        "version": "1",
    }
    return ExportRequest(**{**whole, **changes})


def test_an_empty_or_missing_folder_is_begun_and_begun_again(tmp_path):
    folder = ExportFolder(tmp_path / "new")
    assert begin_export(folder, request()) is None
    assert folder.request_file.is_file()
    assert begin_export(folder, request()) is None
    (tmp_path / "empty").mkdir()
    assert begin_export(ExportFolder(tmp_path / "empty"), request()) is None


@pytest.mark.parametrize(
    "changes",
    [{"profile": "swift"}, {"options": {"question": "Why?"}}, {"splits": ("train",)}, {"shards": (3, 1)}],
    ids=lambda changes: next(iter(changes)),
)
def test_another_request_does_not_go_on_there_and_the_difference_is_named(tmp_path, changes):
    folder = ExportFolder(tmp_path / "x")
    begin_export(folder, request())
    with pytest.raises(RunConflictError, match=next(iter(changes))):
        begin_export(folder, request(**changes))


def test_another_process_may_just_have_made_the_folders(tmp_path):
    folder = ExportFolder(tmp_path / "x")
    folder.work.mkdir(parents=True)
    assert begin_export(folder, request()) is None


def test_of_two_that_begin_at_once_the_first_request_counts(tmp_path, monkeypatch):
    folder = ExportFolder(tmp_path / "x")

    def overtaken(_folder):
        monkeypatch.undo()
        begin_export(folder, request())

    monkeypatch.setattr(beginning, "_refuse_foreign", overtaken)
    with pytest.raises(RunConflictError, match="profile"):
        begin_export(folder, request(profile="swift"))
    assert json.loads(folder.request_file.read_text())["profile"] == "llava"


def test_a_request_that_was_cut_short_is_another(tmp_path):
    folder = ExportFolder(tmp_path / "x")
    begin_export(folder, request())
    folder.request_file.write_text("{")
    with pytest.raises(RunConflictError):
        begin_export(folder, request())


def test_what_is_no_export_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="something else"):
        begin_export(ExportFolder(tmp_path), request())
    with pytest.raises(RunError, match="something else"):
        begin_export(ExportFolder(tmp_path / "mine.txt"), request())
