from pathlib import Path

import pytest

from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.dry_run.picture_files import FILE_FAULTS, fault_of, with_files
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.records import Drop, PictureRules
from tests.own_trees import rows_of, write_cells, write_tar


def faulty(folder):
    """Return a path for each fault."""
    (folder / "folder.jpg").mkdir()
    (folder / "empty.jpg").touch()
    names = ("none.jpg", "folder.jpg", "empty.jpg")
    return {reason: folder / name for reason, name in zip(FILE_FAULTS, names, strict=True)}


def test_each_fault_has_the_name_that_reading_gives_it(tmp_path):
    for reason, path in faulty(tmp_path).items():
        with pytest.raises(ImageError) as caught:
            read_canvas(path, 64, PictureRules())
        assert fault_of(path) == caught.value.reason == reason


def test_a_picture_within_a_file_is_looked_for_by_its_file(tmp_path):
    tar = write_tar(tmp_path / "a.tar", rows_of(tmp_path / "rows", 2))
    assert fault_of(Path(f"{tar}#512+10")) == ""
    assert fault_of(tmp_path / "b.tar#512+10") == "image-missing"


def test_what_a_failing_share_says_loses_no_picture(tmp_path, monkeypatch):
    def fail(self):
        raise OSError(5, "input/output error")

    monkeypatch.setattr(Path, "stat", fail)
    assert fault_of(tmp_path / "a.jpg") == ""


def test_studies_keep_their_order_and_those_without_a_file_are_dropped_by_name(tmp_path):
    source = open_dataset(write_cells(tmp_path, 6))
    (tmp_path / "3.jpg").unlink()
    dropped = []
    chosen = [(study, study.images[0]) for study in source.studies()]
    kept = list(with_files(source, chosen, dropped))
    assert [study.study_id for study, _ in kept] == [
        study.study_id for study, _ in chosen if study.study_id != "s0003"
    ]
    assert dropped == [Drop("study", "s0003", "image-missing")]
