import tomllib

import numpy as np
import pytest

from medcutmix_cli.registration.template import OUTLINES, thorax, thorax_anatomy
from medcutmix_cli.registration.thumbnails import SIDE


def test_the_template_is_of_the_size_and_range_of_thumbnails():
    for values in (thorax().values, thorax().inside):
        assert (values.shape, values.dtype) == ((SIDE, SIDE), np.float32)
        assert np.isfinite(values).all()
    assert set(np.unique(thorax().inside)) == {0.0, 1.0}
    assert 0.5 < thorax().values.std() < 1.2


def test_lungs_are_darker_than_what_is_between_and_below():
    lungs, anatomy = thorax_anatomy().right + thorax_anatomy().left, thorax_anatomy()
    between = (np.abs(anatomy.leftness) < 2) & (anatomy.height > 0.2) & (anatomy.height < 0.8)
    assert thorax().values[lungs > 0.9].mean() < -0.2
    assert thorax().values[between].mean() > 0.2


def test_the_patients_right_lung_lies_left_in_the_picture():
    anatomy = thorax_anatomy()
    assert (anatomy.leftness[anatomy.right > 0.5] < 0).all()
    assert (anatomy.leftness[anatomy.left > 0.5] > 0).all()
    assert not ((anatomy.right > 0) & (anatomy.left > 0)).any()
    assert (np.diff(anatomy.leftness, axis=1) == 1).all()


def test_heights_go_from_apex_to_base():
    anatomy = thorax_anatomy()
    for lung in (anatomy.right, anatomy.left):
        heights = anatomy.height[lung > 0.5]
        assert (heights > -0.03).all()
        assert (heights < 1.03).all()
        assert heights.min() < 0.05
        assert heights.max() > 0.95
    assert (np.diff(anatomy.height, axis=0) > 0).all()


@pytest.mark.parametrize("side", ["right", "left"])
def test_an_outline_is_filled_to_its_own_area(side):
    points = np.array(tomllib.loads(OUTLINES.read_text(encoding="utf-8"))[side])
    x, y = points.T
    area = abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2
    filled = getattr(thorax_anatomy(), side)
    assert filled.sum() == pytest.approx(area, rel=0.03)
    rows, columns = np.indices(filled.shape)
    assert (filled * columns).sum() / filled.sum() == pytest.approx(x.mean(), abs=4)
    assert columns[filled > 0].min() >= np.floor(x.min() - 0.5)
    assert rows[filled > 0].max() <= np.ceil(y.max() + 0.5)
