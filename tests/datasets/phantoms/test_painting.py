"""Painting is pure, does not depend on the resolution, and its masks are where the lesions are."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import FINDINGS, LOCAL_FINDINGS, draw_phantom, paint
from medcutmix_cli.datasets.phantoms.canvas import make_frame

HEIGHT = 192


def change_in_mask(seed: int, finding: str) -> tuple[float, float]:
    """Mean change that a lesion makes inside its mask and far outside of it."""
    phantom = draw_phantom(seed, [finding])
    painted = paint(phantom, HEIGHT)
    healthy = paint(replace(phantom, lesions=()), HEIGHT)
    mask = painted.masks[0]
    near = cv2.dilate(mask.astype(np.uint8), np.ones((31, 31), np.uint8)).astype(bool)
    change = painted.image - healthy.image
    return float(change[mask].mean()), float(np.abs(change[~near]).mean())


def test_painting_twice_gives_the_same_picture():
    phantom = draw_phantom(11)
    first, second = paint(phantom, HEIGHT), paint(phantom, HEIGHT)
    assert np.array_equal(first.image, second.image)
    assert all(np.array_equal(first.masks[key], second.masks[key]) for key in first.masks)


@pytest.mark.parametrize("seed", range(6))
def test_a_picture_has_the_asked_height_and_values_from_0_to_1(seed):
    phantom = draw_phantom(seed)
    image = paint(phantom, HEIGHT).image
    assert image.dtype == np.float32
    assert image.shape == (HEIGHT, round(HEIGHT * phantom.aspect))
    assert 0 <= image.min() < 0.2
    assert 0.7 < image.max() <= 1


@pytest.mark.parametrize("seed", range(4))
def test_two_heights_show_the_same_picture(seed):
    phantom = draw_phantom(seed)
    small, large = paint(phantom, 224).image, paint(phantom, 448).image
    shrunk = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.985


@pytest.mark.parametrize("finding", FINDINGS)
def test_every_lesion_leaves_a_mask(finding):
    for seed in range(4):
        phantom = draw_phantom(seed, [finding])
        painted = paint(phantom, HEIGHT)
        assert set(painted.masks) == set(range(len(phantom.lesions)))
        assert all(
            mask.dtype == np.bool_ and mask.shape == painted.image.shape for mask in painted.masks.values()
        )


@pytest.mark.parametrize("finding", LOCAL_FINDINGS)
def test_a_mask_lies_on_the_stated_side_and_left_is_image_right(finding):
    for seed in range(10):
        phantom = draw_phantom(seed, [finding])
        mask = paint(phantom, HEIGHT).masks[0]
        x = make_frame(phantom.exposure, phantom.aspect, HEIGHT).x[mask]
        side = phantom.lesions[0].side
        if side == "bilateral":
            assert x.min() < 0 < x.max()
        else:
            assert x.mean() > 0 if side == "left" else x.mean() < 0


@pytest.mark.parametrize(
    "finding", ["pleural_effusion", "consolidation", "nodule", "mass", "atelectasis", "edema"]
)
def test_an_opacity_is_brighter_than_the_healthy_lung(finding):
    inside, outside = np.mean([change_in_mask(seed, finding) for seed in range(4)], axis=0)
    assert inside > 0.04
    assert inside > 4 * outside


def test_a_pneumothorax_is_darker_than_the_healthy_lung():
    inside = np.mean([change_in_mask(seed, "pneumothorax")[0] for seed in range(5)])
    assert inside < -0.03


def test_a_nodule_is_small_but_can_be_found_at_224_pixels():
    for seed in range(8):
        mask = paint(draw_phantom(seed, ["nodule"]), 224).masks[0]
        assert 7 <= max(np.ptp(axis) + 1 for axis in np.nonzero(mask)) <= 30


def test_a_mass_is_larger_than_a_nodule():
    masses = [paint(draw_phantom(seed, ["mass"]), HEIGHT).masks[0].sum() for seed in range(6)]
    nodules = [paint(draw_phantom(seed, ["nodule"]), HEIGHT).masks[0].sum() for seed in range(6)]
    assert np.median(masses) > 4 * np.median(nodules)


def test_a_height_without_room_for_a_chest_is_refused():
    with pytest.raises(ValueError, match="at least 32"):
        paint(draw_phantom(0), 16)
