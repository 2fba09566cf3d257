"""Right and left lung, thirds of their height."""

import numpy as np
import pytest

from medcutmix_cli.evaluation.lung_sides import split_lungs
from medcutmix_cli.records import Side


def lungs(*boxes, side=100):
    mask = np.zeros((side, side), bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


BOTH = lungs((10, 70, 10, 40), (10, 70, 60, 90))
BRIDGED = BOTH | lungs((38, 42, 40, 60))


def region(top, bottom, left, right):
    return lungs((top, bottom, left, right))


@pytest.mark.parametrize(
    "mask", [BOTH, BRIDGED, BOTH | lungs((90, 91, 5, 6))], ids=["two", "bridged", "speck"]
)
def test_the_right_lung_is_on_the_left_of_the_picture(mask):
    pair = split_lungs(mask)
    assert pair.right[40, 20]
    assert not pair.left[40, 20]
    assert pair.left[40, 80]
    assert np.array_equal(pair.right | pair.left, mask)
    assert not (pair.right & pair.left).any()


@pytest.mark.parametrize("mask", [lungs(), lungs((10, 70, 10, 40)), BOTH & ~lungs((10, 66, 60, 90))])
def test_one_lung_is_not_split(mask):
    assert split_lungs(mask) is None


def test_a_region_is_on_the_side_of_its_centre_in_the_lungs():
    pair = split_lungs(BOTH)
    assert pair.side_of(region(20, 30, 12, 20)) is Side.RIGHT
    assert pair.side_of(region(20, 30, 70, 80)) is Side.LEFT
    assert pair.side_of(region(20, 30, 35, 75)) is Side.LEFT  # 5 columns of the right lung, 15 of the left
    assert pair.side_of(region(80, 90, 10, 20)) is Side.NONE


@pytest.mark.parametrize(
    ("rows", "zone"), [((10, 20), "upper"), ((35, 45), "middle"), ((60, 90), "lower"), ((80, 90), "")]
)
def test_zones_are_thirds_of_the_lung_in_which_a_region_is(rows, zone):
    assert split_lungs(BOTH).zone_of(region(*rows, 60, 90), Side.LEFT) == zone
    assert split_lungs(BOTH).zone_of(region(*rows, 60, 90), Side.RIGHT) == ""
