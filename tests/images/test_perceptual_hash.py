"""A picture and its copies have hashes close to each other; other pictures do not."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from medcutmix_cli.images import Canvas, letterbox, read_canvas
from medcutmix_cli.images.perceptual_hash import BITS, CANVAS, NEAR, hash_picture, perceptual_hash
from medcutmix_cli.records import PictureRules
from tests.picture_copies import COPIES, draw_chest, write_copy
from tests.pictures import write_jpeg

RULES = PictureRules("mimic-jpg")

PICTURES = range(6)


def distance(one, other):
    return int(np.unpackbits(one ^ other).sum())


@pytest.fixture(scope="module")
def chests(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chests")
    return [write_copy(folder / f"{seed}.png", draw_chest(seed), "same") for seed in PICTURES]


@pytest.mark.parametrize("name", sorted(COPIES))
@pytest.mark.parametrize("seed", PICTURES)
def test_a_copy_is_near_its_picture(tmp_path, chests, seed, name):
    copy = write_copy(tmp_path / "copy", draw_chest(seed), name)
    assert distance(hash_picture(chests[seed], RULES), hash_picture(copy, RULES)) <= NEAR


@pytest.mark.parametrize("seed", PICTURES)
@pytest.mark.parametrize("name", ["mirrored", "inverted"])
def test_a_mirrored_or_inverted_picture_is_another_one(tmp_path, chests, seed, name):
    """Registration refuses such a picture by a name of its own."""
    copy = write_copy(tmp_path / "copy.png", draw_chest(seed), name)
    assert distance(hash_picture(chests[seed], RULES), hash_picture(copy, RULES)) > NEAR


def test_other_pictures_are_not_near(chests):
    hashes = [hash_picture(path, RULES) for path in chests]
    assert min(distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) > NEAR


def test_a_hash_is_of_the_picture_and_not_of_the_bars_beside_it(chests):
    canvas = read_canvas(chests[0], CANVAS, RULES)
    top, left, bottom, right = canvas.box
    assert (top, left) != (0, 0)
    inside = np.full_like(canvas.pixels, 255)
    inside[top:bottom, left:right] = canvas.pixels[top:bottom, left:right]
    assert np.array_equal(perceptual_hash(canvas), perceptual_hash(replace(canvas, pixels=inside)))
    assert perceptual_hash(canvas).size * 8 == BITS


@pytest.mark.parametrize("axis", [0, 1])
def test_what_only_rounding_makes_has_no_sign(axis):
    """A picture that is even along one axis has no frequency there: no machine may read one in it."""
    slope = np.linspace(10, 240, CANVAS).astype(np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(slope[:, None] if axis else slope, (CANVAS, CANVAS)))
    canvas = Canvas(pixels, letterbox(CANVAS, CANVAS, CANVAS))
    bits = np.unpackbits(perceptual_hash(canvas))
    assert bits.sum() <= 10


def test_a_hash_depends_on_no_size_of_the_run(tmp_path, chests):
    large = write_jpeg(tmp_path / "large.jpg", cv2.resize(draw_chest(0), (1600, 2000)))
    assert distance(hash_picture(large, RULES), hash_picture(chests[0], RULES)) <= NEAR
