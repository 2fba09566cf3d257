from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import cv2
import numpy as np

from medcutmix_cli.registration.pictures import register_picture
from tests.thoraxes import phantom_chest

SEEDS = range(6)


def same(one, other):
    arrays = [field.name for field in fields(one.pose) if field.name not in ("thumbnail", "quality")]
    return (one.oddity, one.pose.quality) == (other.oddity, other.pose.quality) and all(
        np.array_equal(getattr(one.pose, name), getattr(other.pose, name)) for name in arrays
    )


def registered(seed):
    return phantom_chest(seed).registered()


def test_several_threads_register_as_one_does():
    alone = [registered(seed) for seed in SEEDS]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(registered, [*SEEDS, *SEEDS]))
    assert all(map(same, alone + alone, together))


def test_registration_does_not_depend_on_the_threads_of_opencv():
    before, found = cv2.getNumThreads(), []
    try:
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            found.append([registered(seed) for seed in SEEDS])
    finally:
        cv2.setNumThreads(before)
    assert all(map(same, *found))


def test_the_picture_is_left_as_it_is():
    chest = phantom_chest(0)
    pixels = chest.pixels.copy()
    register_picture(pixels, chest.placement)
    assert np.array_equal(pixels, chest.pixels)


def test_a_picture_of_noise_or_of_nothing_is_registered_poorly_and_without_an_error():
    at = phantom_chest(0).placement
    noise = np.random.default_rng(0).integers(0, 256, (224, 224), dtype=np.uint8)
    for pixels in (noise, np.zeros_like(noise), np.full_like(noise, 200)):
        found = register_picture(pixels, at).pose
        assert found.quality < 0.6
        assert all(np.isfinite(places).all() for places in (found.to_picture, found.to_template))
