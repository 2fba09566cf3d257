"""Tissues of a phantom: where the picture is dark or bright, they are."""

import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.datasets.phantoms.tissues import TISSUES, paint_tissues


@pytest.fixture(scope="module")
def healthy():
    phantom = draw_phantom(3, findings=())
    return paint(phantom, 256).image, paint_tissues(phantom, 256)


def test_every_tissue_has_the_shape_of_the_picture(healthy):
    image, tissues = healthy
    assert {name: mask.shape for name, mask in tissues.items()} == dict.fromkeys(TISSUES, image.shape)
    assert all(mask.any() for mask in tissues.values())


def test_aerated_lung_is_darker_than_heart_and_abdomen(healthy):
    image, tissues = healthy
    assert image[tissues["aerated"]].mean() < image[tissues["heart"]].mean() - 0.1
    assert image[tissues["aerated"]].mean() < image[tissues["abdomen"]].mean() - 0.1


def test_bone_over_the_lung_is_brighter_than_the_lung_between(healthy):
    image, tissues = healthy
    over, between = tissues["aerated"] & tissues["bone"], tissues["aerated"] & ~tissues["bone"]
    assert image[over].mean() > image[between].mean()


def test_aerated_lung_is_lung_without_the_heart(healthy):
    _, tissues = healthy
    assert not (tissues["aerated"] & ~tissues["lung"]).any()
    assert not (tissues["aerated"] & tissues["heart"]).any()
    assert np.mean(tissues["lung"] & tissues["abdomen"]) < 0.01
