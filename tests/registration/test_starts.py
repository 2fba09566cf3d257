import numpy as np
import pytest

from medcutmix_cli.registration.maps import apply_affine, identity_map, look_up
from medcutmix_cli.registration.starts import find_starts
from medcutmix_cli.registration.template import thorax
from tests.thoraxes import thumbnail_places

LAID = {
    "as-it-is": (1.0, 1.0, 0, 0),
    "small": (0.7, 0.7, 2, -3),
    "large-and-low": (1.25, 1.25, 0, 8),
    "broad": (1.2, 0.95, -5, 0),
    "far-left": (0.8, 0.8, -10, 4),
}


def laid(across, down, right, low):
    """Return the template as a picture that shows it at a scale and a place, and the affine that finds it there."""
    to_picture = np.array([[across, 0, right], [0, down, low]])
    back = np.array([[1 / across, 0, -right / across], [0, 1 / down, -low / down]])
    return look_up(thorax().values, thumbnail_places(back)), thumbnail_places(to_picture)


@pytest.mark.parametrize("how", LAID)
def test_the_likeliest_start_is_near_where_the_thorax_lies(how):
    picture, places = laid(*LAID[how])
    start = apply_affine(find_starts(thorax().values, picture, 1)[0], identity_map())
    off = np.linalg.norm(start - places, axis=-1)[12:52, 12:52]
    assert off.max() < 9  # of a thumbnail's 64 pixels; scales are tried in steps of 19 %


def test_starts_differ_and_no_more_come_than_are_wanted():
    for count in (1, 3, 6):
        found = find_starts(thorax().values, laid(0.8, 0.8, 3, 0)[0], count)
        assert len(found) == count
        for number, affine in enumerate(found):
            assert not any(np.allclose(affine, other) for other in found[:number])


def test_a_picture_without_a_thorax_has_starts_as_well():
    noise = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    for picture in (noise, np.zeros_like(noise)):
        assert all(np.isfinite(affine).all() for affine in find_starts(thorax().values, picture, 3))
