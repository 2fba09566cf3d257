import cv2
import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import draw_phantom
from medcutmix_cli.datasets.phantoms.anatomy import lung
from medcutmix_cli.datasets.phantoms.canvas import make_frame
from medcutmix_cli.registration.anatomy import picture_anatomy
from medcutmix_cli.registration.maps import look_up
from medcutmix_cli.registration.template import thorax_anatomy
from tests.thoraxes import (
    CANVAS,
    boxed_chests,
    dice,
    on_canvas,
    phantom_chest,
    real_chests,
    registered_phantom,
)

GRID = (56, 56)
SEEDS = range(16)


def on_grid(mask, grid=GRID):
    return cv2.resize(mask.astype(np.float32), grid[::-1], interpolation=cv2.INTER_AREA) > 0.5


def lung_of(seed, side):
    """Mark the cells of one lung of a phantom, by the generator's own outline."""
    phantom = draw_phantom(seed)
    frame = make_frame(phantom.exposure, phantom.aspect, CANVAS, coarse=False)
    return on_grid(on_canvas(frame.fill([lung(phantom.patient, side)]), phantom_chest(seed).placement))


def anatomy_of(seed, grid=GRID):
    return picture_anatomy(registered_phantom(seed).pose, grid)


@pytest.mark.parametrize(("side", "sign"), [("right", -1), ("left", 1)])
def test_each_lung_lies_on_its_patients_side(side, sign):
    """The patient faces whoever looks: the left lung lies right in the picture."""
    for seed in SEEDS:
        own = anatomy_of(seed).leftness[lung_of(seed, side)]
        assert (sign * own > 0).mean() > 0.95
        assert np.sign(np.median(own)) == sign


def test_lungs_are_where_the_phantom_has_them():
    held, agreement = [], []
    for seed in SEEDS:
        found, true = anatomy_of(seed).lungs >= 0.5, on_grid(phantom_chest(seed).lungs)
        held.append(found[true].mean())
        agreement.append(dice(found, true))
    assert np.median(held) > 0.92  # what borders on a lung belongs to it
    assert min(held) > 0.75
    assert np.median(agreement) > 0.82


def test_heights_rise_from_the_apex_to_the_base_of_each_lung():
    apex, middle, base = [], [], []
    for seed in SEEDS:
        for side in ("right", "left"):
            rows, columns = np.nonzero(lung_of(seed, side))
            height = anatomy_of(seed).height[rows, columns]
            share = (rows - rows.min()) / np.ptp(rows)
            apex.append(height[share < 0.05].mean())
            middle.append(height[(share > 0.4) & (share < 0.6)].mean())
            base.append(height[share > 0.95].mean())
    assert abs(np.median(apex)) < 0.15
    assert 0.4 < np.median(middle) < 0.65  # a phantom's lung goes down into the angle beside the diaphragm
    assert 0.8 < np.median(base) < 1.2


def test_the_recess_of_the_pleura_lies_below_the_lungs_and_is_no_lung():
    for seed in SEEDS[:4]:
        anatomy = anatomy_of(seed)
        more = (anatomy.pleura >= 0.5) & (anatomy.lungs < 0.5)
        assert (anatomy.pleura >= anatomy.upper_pleura - 1e-5).all()
        assert (anatomy.upper_pleura >= anatomy.lungs - 1e-5).all()
        assert (anatomy.pleura - anatomy.upper_pleura).sum() > 1
        assert more.any()
        assert np.median(anatomy.height[more]) > 0.9
        assert (anatomy.height[more] > 0.5).mean() > 0.8


@pytest.mark.parametrize("grid", [(7, 7), (14, 14), (37, 37), (112, 112), (5, 9)])
def test_any_grid_says_the_same_of_the_canvas(grid):
    fine, coarse = anatomy_of(3, (560, 560)), anatomy_of(3, grid)
    for name in ("lungs", "pleura", "upper_pleura", "leftness", "height"):
        found, known = getattr(coarse, name), getattr(fine, name)
        assert (found.shape, found.dtype) == (grid, np.float32)
        mean = cv2.resize(known, grid[::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(found - mean).mean() < 0.03 * np.ptp(known)
    assert coarse.lungs.min() >= 0
    assert coarse.lungs.max() <= 1


def test_lungs_of_the_template_lie_on_those_that_people_outlined():
    template, found = thorax_anatomy(), []
    for chest in real_chests():
        shares = look_up(template.right + template.left, chest.registered().pose.to_template)
        found.append(dice(cv2.resize(shares, chest.lungs.shape) > 0.5, chest.lungs))
    assert len(found) > 70
    assert np.median(found) >= 0.92
    assert np.quantile(found, 0.1) >= 0.85


def test_boxes_that_radiologists_drew_lie_in_lungs_on_the_side_they_say():
    sides, in_lungs, heights = [], [], []
    for chest, boxes in boxed_chests(224):
        anatomy = picture_anatomy(chest.registered().pose, GRID)
        for side, (x, y) in boxes.items():
            cell = int(y * GRID[0] / 224), int(x * GRID[1] / 224)
            sides.append((anatomy.leftness[cell] > 0) == (side == "left"))
            in_lungs.append(anatomy.lungs[cell] >= 0.5)
            heights.append(anatomy.height[cell])
    assert len(sides) > 200
    assert np.mean(sides) >= 0.97
    assert np.mean(in_lungs) >= 0.97
    assert abs(np.median(heights) - 0.5) < 0.1
