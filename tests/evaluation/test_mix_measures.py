"""Each measure of a mixed pair, by hand, on masks that one can count."""

import numpy as np
import pytest

from medcutmix_cli.evaluation.anatomy import Anatomy, TrueLesion
from medcutmix_cli.evaluation.mix_geometry import PastedPair
from medcutmix_cli.evaluation.mix_measures import Exchange, judge
from medcutmix_cli.evaluation.stated_place import StatedPlace
from medcutmix_cli.records import Side
from tests.run_folders import make_row

PASTED = (28, 84, 28, 84)  # rows and columns of the 2 x 2 cells that a test's row pastes
NOWHERE = StatedPlace(Side.NONE, frozenset())
NOTHING = Exchange("", "none", "", "none")


def box(*spans):
    mask = np.zeros((112, 112), bool)
    for top, bottom, left, right in spans:
        mask[top:bottom, left:right] = True
    return mask


BOTH = box((10, 100, 10, 50), (10, 100, 60, 100))


def anatomy(lung=BOTH, unknown=None, lesions=(), **more):
    return Anatomy({"lung": lung, **more}, box() if unknown is None else unknown, lesions)


def judged(recipient, donor, place=NOWHERE, exchange=NOTHING, **changes):
    found = judge(PastedPair.of(make_row(**changes)), recipient, donor, place, exchange)
    return {name: share.value for name, share in found.items()}


def test_equal_lungs_lie_upon_each_other():
    found = judged(anatomy(), anatomy())
    assert found["dice"] == found["lung-on-lung"] == 1
    assert found["lung-overwritten"] == 0
    assert found["region-in-lung"] == pytest.approx((22 + 24) / 56)


def test_half_a_lung_without_a_partner_is_counted():
    donor = BOTH & ~box((56, 112, 0, 112))  # a diaphragm in the middle of the paste
    found = judged(anatomy(), anatomy(donor))
    assert found["lung-overwritten"] == 0.5
    assert found["lung-on-lung"] == 0.5
    assert found["dice"] == pytest.approx(2 * 46 / (90 + 46))


def test_a_donor_counts_where_it_was_brought():
    donor = box((0, 90, 10, 50), (0, 90, 60, 100))  # ten rows higher
    assert judged(anatomy(), anatomy(donor), shift_y=10, shift_x=0)["dice"] == 1
    assert judged(anatomy(), anatomy(donor))["dice"] == pytest.approx(80 / 90)


def test_pixels_that_nobody_knows_count_for_nobody():
    donor = BOTH & ~box((56, 112, 0, 112))
    found = judged(anatomy(unknown=box((56, 112, 0, 112))), anatomy(donor))
    assert found["dice"] == 1
    assert found["lung-overwritten"] == 0


def test_every_tissue_of_the_recipient_is_asked_for():
    found = judged(anatomy(bone=box((30, 40, 30, 40))), anatomy(bone=box((30, 35, 30, 40))))
    assert found["bone-overwritten"] == 0.5


@pytest.mark.parametrize(
    ("side", "region", "agrees"),
    [
        (Side.RIGHT, (28, 56, 0, 28), 1),
        (Side.LEFT, (28, 56, 0, 28), 0),
        (Side.BILATERAL, (28, 56, 0, 28), 0),
        (Side.BILATERAL, (28, 56, 0, 112), 1),
    ],
)
def test_a_side_agrees_where_the_region_is_in_that_lung(side, region, agrees):
    weights = box(region)[14::28, 14::28].astype(float).ravel().tolist()
    found = judged(anatomy(), anatomy(), StatedPlace(side, frozenset()), weights=weights)
    assert found["side-agreement"] == agrees
    assert "zone-agreement" not in found


@pytest.mark.parametrize(("zones", "agrees"), [({"upper"}, 1), ({"middle", "lower"}, 0)])
def test_a_zone_agrees_where_the_region_is_in_that_third(zones, agrees):
    weights = box((0, 28, 0, 112))[14::28, 14::28].astype(float).ravel().tolist()
    for side in (Side.NONE, Side.LEFT):
        found = judged(anatomy(), anatomy(), StatedPlace(side, frozenset(zones)), weights=weights)
        assert found["zone-agreement"] == agrees


def test_nothing_is_held_against_a_sentence_that_names_no_place():
    assert not {"side-agreement", "zone-agreement"} & set(judged(anatomy(), anatomy()))


def test_lesions_are_judged_on_the_side_that_is_said():
    inside, outside = box((30, 40, 30, 40)), box((90, 100, 90, 100))
    own = (TrueLesion("mass", "left", inside), TrueLesion("support_devices", "none", box((80, 88, 30, 40))))
    given = (TrueLesion("mass", "right", inside), TrueLesion("mass", "left", outside))
    exchange = Exchange("mass", "right", "mass", "left")
    found = judged(anatomy(lesions=own), anatomy(lesions=given), exchange=exchange)
    assert found["donor-lesion-inside"] == found["recipient-lesion-gone"] == 1
    assert found["region-iou"] == found["donor-mask-iou"] == pytest.approx(100 / 56**2)
    assert found["device-covered"] == 0.5
    other = judged(
        anatomy(lesions=own), anatomy(lesions=given), exchange=Exchange("mass", "left", "mass", "left")
    )
    assert other["donor-lesion-inside"] == other["donor-mask-iou"] == 0


def test_nothing_is_said_of_lesions_that_nobody_knows():
    found = judged(anatomy(), anatomy(), exchange=Exchange("mass", "left", "mass", "left"))
    assert not {name for name in found if "lesion" in name or "iou" in name or "device" in name}
