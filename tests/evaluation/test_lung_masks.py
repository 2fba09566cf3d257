"""Masks of lungs: found by name or id, read onto the canvas, refused by name."""

import cv2
import numpy as np
import pytest

from medcutmix_cli.evaluation.lung_masks import LungMasks, read_lungs
from medcutmix_cli.images import letterbox
from tests.run_folders import make_row

GREY = np.zeros((112, 112), np.uint8)
GREY[20:80, 10:50] = 255
GREY[90:100, 10:50] = 127


def written(path, grey):
    assert cv2.imwrite(str(path), grey)
    return path


def test_lung_is_white_and_grey_is_unknown(tmp_path):
    found = read_lungs(written(tmp_path / "a.png", GREY), letterbox(112, 112, 112))
    assert np.array_equal(found.tissues["lung"], GREY == 255)
    assert np.array_equal(found.unknown, GREY == 127)


@pytest.mark.parametrize(
    ("grey", "reason"),
    [
        (np.zeros((112, 112), np.uint8), "mask-empty"),
        (np.full((112, 112), 127, np.uint8), "mask-empty"),
        (np.full((112, 60), 255, np.uint8), "mask-of-other-shape"),
    ],
)
def test_what_shows_no_lung_of_the_picture_is_named(tmp_path, grey, reason):
    assert read_lungs(written(tmp_path / "a.png", grey), letterbox(112, 112, 112)) == reason


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert read_lungs(tmp_path / "a.png", letterbox(112, 112, 112)) == "mask-unreadable"


@pytest.mark.parametrize("name", ["0.jpg", "0.png", "below/0.jpeg", "image0.png"])
def test_a_mask_has_the_name_of_its_picture_or_its_id(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    written(tmp_path / name, GREY)
    masks = LungMasks.below(tmp_path)
    assert not isinstance(masks.anatomy(make_row(0), "a"), str)
    assert masks.anatomy(make_row(0), "b") == "mask-missing"


def test_two_masks_of_one_picture_are_told(tmp_path):
    for suffix in ("png", "jpeg"):
        written(tmp_path / f"0.{suffix}", GREY)
    assert LungMasks.below(tmp_path).anatomy(make_row(0), "a") == "mask-ambiguous"
