"""Seam features: noise, sharpness and grey levels show in their channels."""

import cv2
import numpy as np
import pytest

from medcutmix_cli.evaluation.seam_features import CELL, CHANNELS, seam_features


def noise(side=64, seed=0):
    return np.random.default_rng(seed).normal(120, 12, (side, side)).clip(0, 255)


@pytest.mark.parametrize("side", [16, 64, 112])
def test_a_picture_becomes_cells(side):
    found = seam_features(np.stack([noise(side)] * 2).astype(np.uint8))
    assert found.shape == (2, CHANNELS, side // CELL, side // CELL)
    assert np.isfinite(found.numpy()).all()


def test_averaged_noise_is_seen_as_weaker():
    picture = noise()
    picture[:, 32:] = (noise()[:, 32:] + noise(seed=1)[:, 32:]) / 2
    grain = seam_features(picture.astype(np.uint8)[None])[0, 1].numpy()
    assert grain[:, 1:7].mean() > grain[:, 9:15].mean() + 0.2


def test_a_blurred_half_is_seen_as_less_sharp():
    picture = noise()
    picture[:, 32:] = cv2.GaussianBlur(picture, (0, 0), 2.0)[:, 32:]
    sharp = seam_features(picture.astype(np.uint8)[None])[0, 2].numpy()
    assert sharp[:, 1:7].mean() > sharp[:, 10:15].mean() + 0.5


def test_an_exposure_as_a_whole_does_not_show_in_the_normalised_picture():
    picture = noise()
    normal, dark = (
        seam_features(shown.astype(np.uint8)[None])[0, 0].numpy() for shown in (picture, picture / 2 + 40)
    )
    assert np.corrcoef(normal.ravel(), dark.ravel())[0, 1] > 0.98
