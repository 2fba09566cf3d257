import numpy as np
import pytest

from medcutmix_cli.registration.maps import compose, identity_map
from medcutmix_cli.registration.poses import fit_pose
from medcutmix_cli.registration.template import thorax
from medcutmix_cli.registration.thumbnails import SIDE, Thumbnail
from tests.thoraxes import deformed, inside, phantom_chest, registered_phantom, thumbnail_places, whole

SEEDS = range(12)


def poses():
    return [registered_phantom(seed).pose for seed in SEEDS]


def test_the_template_lies_in_itself():
    pose = fit_pose(Thumbnail(thorax().values, thorax().inside), thorax())
    assert pose.quality > 0.99
    assert np.abs(pose.to_picture - identity_map()).max() < 0.3


def test_both_maps_lead_back_to_where_they_began():
    for seed in SEEDS:
        pose = registered_phantom(seed).pose
        again = compose(pose.to_template, pose.to_picture)
        known = ((pose.to_template >= 0) & (pose.to_template <= SIDE - 1)).all(axis=-1)
        missed = np.linalg.norm(again - identity_map(), axis=-1)[inside(phantom_chest(seed)) & known]
        assert np.quantile(missed, 0.99) < 0.2


def test_phantoms_look_like_the_thorax_of_real_pictures():
    assert np.median([pose.quality for pose in poses()]) > 0.85
    assert min(pose.quality for pose in poses()) > 0.7


def test_more_starts_are_never_worse():
    for seed in SEEDS[:4]:
        thumbnail = registered_phantom(seed).pose.thumbnail
        assert fit_pose(thumbnail, thorax(), 3).quality >= fit_pose(thumbnail, thorax(), 1).quality - 0.02


@pytest.mark.parametrize(
    ("matrix", "bend"),
    [
        ([[1.15, 0, 0], [0, 1.15, 0]], 0),
        ([[0.85, 0, 3], [0, 0.9, -3]], 0),
        ([[1, 0.06, -4], [-0.06, 1, 2]], 0),
        ([[1, 0, 0], [0, 1, 0]], 1.5),
    ],
    ids=["smaller", "larger-and-moved", "tilted", "bent"],
)
def test_a_deformed_thorax_lies_where_it_was_deformed_to(matrix, bend):
    places, off = thumbnail_places(np.array(matrix), bend), []
    for seed in SEEDS[:6]:
        chest = whole(phantom_chest(seed))
        own, given = deformed(chest, places).registered().pose, chest.registered().pose
        # The deformed picture has at x what the other has at places(x): by way of the template they must meet there.
        through = compose(own.to_template, given.to_picture)
        lungs = compose_lungs(chest, places)
        off.append(np.median(np.linalg.norm(through - places, axis=-1)[lungs]))
    assert np.median(off) < 0.7  # of 64 pixels: a hundredth of the canvas
    assert max(off) < 1.5


def compose_lungs(chest, places):
    """Mark where the lungs are after the chest was deformed."""
    seen = np.rint(places).astype(int)
    within = ((seen >= 0) & (seen < SIDE)).all(axis=-1)
    x, y = (np.clip(seen[..., k], 0, SIDE - 1) for k in (0, 1))
    return inside(chest)[y, x] & within
