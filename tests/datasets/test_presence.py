"""A data set that goes while it is read, at once or file by file, stops every stage that reads pictures."""

import shutil

import pytest

import medcutmix_cli
from medcutmix_cli.assembly import parts as composition
from medcutmix_cli.datasets.presence import Presence, watch_presence
from medcutmix_cli.errors import DatasetError, ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.records import PictureRules
from tests.mild_gate import few_nulls
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest

STUDIES = 24
READ_BEFORE = 4
"""Pictures that are read before the data set goes."""


@pytest.fixture
def source(tmp_path):
    return write_manifest(tmp_path / "in", studies=STUDIES)


def gone_by_renaming(source, _seen):
    source.rename(source.with_name("elsewhere"))


def gone_by_unmounting(source, _seen):
    source.rename(source.with_name("elsewhere"))
    source.mkdir()


def gone_below_its_root(source, _seen):
    for picture in source.glob("*.jpg"):
        picture.unlink()


def gone_file_by_file(source, seen):
    """Leave what was read so far: it goes when nothing is read any more."""
    for picture in source.glob("*.jpg"):
        if picture not in seen:
            picture.unlink()


GOINGS = [gone_by_renaming, gone_by_unmounting, gone_below_its_root, gone_file_by_file]


def lose(monkeypatch, source, go):
    """Let the data set go after some pictures."""
    saw, confirm, seen = Presence.saw, getattr(Presence, "confirm_missing", None), set()

    def saw_one(presence, image_path, file):
        saw(presence, image_path, file)
        seen.add(file)
        if len(seen) == READ_BEFORE:
            go(source, seen)

    def confirm_all(presence):
        gone_below_its_root(source, seen)
        confirm(presence)

    monkeypatch.setattr(Presence, "saw", saw_one)
    monkeypatch.setattr(Presence, "confirm_missing", confirm_all, raising=False)


OPTIONS = {"workers": 1, "gate": "none", "align": "none", "encoder": "toy", "shard_size": 8}


def comparing(source, out):
    medcutmix_cli.plan(source, out, refuse_duplicates=True, **OPTIONS)


def calibrating(source, out):
    medcutmix_cli.augment(source, out, **OPTIONS | {"gate": "null-max"})
    assert (out / "calibration.json").exists()


def rendering(source, out):
    medcutmix_cli.augment(source, out, **OPTIONS)


def rendering_in_batches(source, out):
    ToyEncoder.batch = 4
    rendering(source, out)


def preparing(source, out):
    medcutmix_cli.prepare(source, out, workers=1)


STAGES = [comparing, calibrating, rendering, rendering_in_batches, preparing]


def bytes_of(out):
    """Return what must not depend on what happened on the way; the table of a cache knows when files were written."""
    if parts := sorted(out.glob("part-*.tar")):
        return {part.name: part.read_bytes() for part in parts}
    calibration = out / "calibration.json"
    return output_bytes(out) | ({"calibration": calibration.read_bytes()} if calibration.exists() else {})


@pytest.mark.parametrize("go", GOINGS)
@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_written_of_pictures_that_went_with_their_data_set(
    tmp_path, source, monkeypatch, stage, go
):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    monkeypatch.setattr(ToyEncoder, "batch", ToyEncoder.batch)
    few_nulls(source, monkeypatch)
    stage(source, tmp_path / "whole")
    kept = shutil.copytree(source, tmp_path / "kept")
    with monkeypatch.context() as patches:
        lose(patches, source, go)
        with pytest.raises(DatasetError, match="no longer there") as caught:
            stage(source, tmp_path / "out")
    assert caught.value.where == str(source)
    for written in ("data/*", "failures/*", "calibration.json", "part-*"):
        assert not list((tmp_path / "out").glob(written))
    shutil.rmtree(source, ignore_errors=True)
    kept.rename(source)
    stage(source, tmp_path / "out")
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "whole")


def test_what_is_still_missed_when_all_is_read_is_looked_at_once_more(source):
    presence = Presence(composition.open_dataset(source))
    presence.saw("1.jpg", source / "1.jpg")
    presence.confirm_missing()
    with pytest.raises(ImageError), watch_presence(presence, "x.jpg", source / "x.jpg"):
        read_canvas(source / "x.jpg", 64, PictureRules())
    presence.confirm_missing()
    (source / "1.jpg").unlink()
    with pytest.raises(DatasetError, match="no longer there"):
        presence.confirm_missing()


def test_a_file_that_is_damaged_is_no_data_set_that_is_gone(source):
    presence = Presence(composition.open_dataset(source))
    presence.report_missing("1.jpg", ImageError("damaged"))
    shutil.rmtree(source)
    presence.report_missing("1.jpg", ImageError("damaged"))
    presence.confirm_missing()
