"""Pictures are hashed in their order, whatever the number of threads; what cannot be read is told by name."""

import shutil

import numpy as np
import pytest

from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.images.perceptual_hash import hash_picture
from medcutmix_cli.planning import picture_hashes
from medcutmix_cli.planning.picture_hashes import PictureHasher
from medcutmix_cli.records import PictureRules
from tests.trees import write_manifest

RULES = PictureRules("mimic-jpg")


@pytest.fixture
def source(tmp_path):
    return open_dataset(write_manifest(tmp_path / "data", 7))


def images_of(source):
    return [study.images[0] for study in source.studies()]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("at_once", [2, 500])
def test_hashes_come_in_the_order_of_the_pictures(source, monkeypatch, workers, at_once):
    monkeypatch.setattr(picture_hashes, "_AT_ONCE", at_once)
    told = []
    images = images_of(source)
    found = PictureHasher(source, RULES, workers).hash_all(images, lambda *stage: told.append(stage))
    assert len(found) == 7
    for image, one in zip(images, found, strict=True):
        assert np.array_equal(one, hash_picture(source.resolve(image.path), RULES))
    assert told[-1] == ("comparing pictures", 7, 7)


def test_what_cannot_be_read_is_told_by_name(source):
    (source.root / "2.jpg").unlink()
    (source.root / "4.jpg").write_bytes(b"GIF89a")
    found = PictureHasher(source, RULES, 2).hash_all(images_of(source), lambda *_: None)
    named = {number: one for number, one in enumerate(found) if isinstance(one, str)}
    assert named == {2: "image-missing", 4: "image-format-unknown"}


def test_a_data_set_that_has_gone_is_no_missing_picture(source):
    images = images_of(source)
    shutil.rmtree(source.root)
    with pytest.raises(DatasetError):
        PictureHasher(source, RULES, 2).hash_all(images, lambda *_: None)
