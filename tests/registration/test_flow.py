import cv2
import numpy as np
import pytest

from medcutmix_cli.registration.flow import fit_affine, free_step, warp_by
from medcutmix_cli.registration.maps import apply_affine, identity_map, look_up
from medcutmix_cli.registration.template import thorax
from tests.thoraxes import thumbnail_places

STRAIGHT = np.eye(2, 3, dtype=np.float32)
ROUNDS = 30


@pytest.mark.parametrize(
    "affine",
    [[[1.05, 0.03, 1], [-0.02, 0.95, -2]], [[0.93, -0.04, 3], [0.03, 1.06, 0]]],
    ids=["one", "other"],
)
def test_a_known_affine_is_found(affine):
    affine = np.array(affine, np.float32)
    back = np.asarray(cv2.invertAffineTransform(affine), np.float32)
    moving = warp_by(back, thorax().values)
    found = fit_affine(thorax().values, thorax().inside, moving, STRAIGHT, ROUNDS)
    off = apply_affine(found, identity_map()) - apply_affine(affine, identity_map())
    assert np.abs(off[8:56, 8:56]).max() < 0.3


def test_where_none_is_found_the_start_stays():
    nothing = np.zeros((64, 64), np.float32)
    start = np.array([[1.1, 0, 2], [0, 0.9, 1]], np.float32)
    assert np.array_equal(fit_affine(thorax().values, thorax().inside, nothing, start, ROUNDS), start)


def test_the_start_is_not_written_to():
    start = STRAIGHT.copy()
    fit_affine(thorax().values, thorax().inside, warp_by(start, thorax().values), start, ROUNDS)
    assert np.array_equal(start, STRAIGHT)


def test_a_free_step_goes_where_a_smooth_bend_went():
    bend = thumbnail_places(np.eye(2, 3), bend=1.5)
    fixed = look_up(thorax().values, bend)
    found = free_step(fixed, thorax().values)
    middle = (slice(10, 50), slice(10, 54))
    before = np.linalg.norm(bend - identity_map(), axis=-1)[middle]
    after = np.linalg.norm(bend - found, axis=-1)[middle]
    assert np.median(after) < 0.5
    assert after.mean() < 0.4 * before.mean()


def test_a_free_step_between_a_thorax_and_itself_stays():
    found = free_step(thorax().values, thorax().values)
    assert np.abs(found - identity_map()).max() < 0.1


def test_a_free_step_does_not_depend_on_threads_or_on_what_came_before():
    fixed = look_up(thorax().values, thumbnail_places(np.eye(2, 3), bend=1.5))
    before, found = cv2.getNumThreads(), []
    try:
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            found += [free_step(fixed, thorax().values), free_step(thorax().values, fixed)]
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(found[0], found[2])
    assert np.array_equal(found[1], found[3])
