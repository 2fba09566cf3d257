import pytest

from medcutmix_cli.errors import DatasetError
from medcutmix_cli.inspection import parent_images
from medcutmix_cli.inspection.parent_images import NO_DATASET, NO_PICTURE, NO_RUN, ParentImages
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from tests.run_folders import write_run
from tests.trees import write_picture


@pytest.fixture
def record(tmp_path):
    return read_run(RunFolder(write_run(tmp_path / "run")))


class OneFolder:
    def __init__(self, root):
        self.root = root

    def resolve(self, path):
        return self.root / path


def test_a_shard_without_its_run_has_no_data_set():
    assert ParentImages(None).read("0.jpg") == NO_RUN


def test_a_data_set_that_is_gone_is_asked_for_once(record, monkeypatch):
    asked = []

    def gone(*_places, **_more):
        asked.append(1)
        raise DatasetError("not there")

    monkeypatch.setattr(parent_images, "open_run_dataset", gone)
    images = ParentImages(record)
    assert [images.read("0.jpg"), images.read("1.jpg")] == [NO_DATASET] * 2
    assert len(asked) == 1


def test_a_picture_is_read_onto_its_canvas_or_the_reason_is_given(record, tmp_path, monkeypatch):
    write_picture(tmp_path / "0.jpg", 0)
    monkeypatch.setattr(parent_images, "open_run_dataset", lambda *_, **__: OneFolder(tmp_path))
    images = ParentImages(record)
    side = record.settings["image"]["canvas"]
    assert images.read("0.jpg").shape == (side, side)
    assert images.read("1.jpg") == NO_PICTURE
