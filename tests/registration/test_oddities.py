"""Of 118 real frontal pictures 91 % inverted, 70 to 80 % turned and 59 % mirrored ones are named so."""

from dataclasses import replace

import numpy as np
import pytest

from tests.thoraxes import boxed_chests, phantom_chest, registered_phantom

SEEDS = range(30)


def inverted(chest):
    at = chest.placement
    pixels = 255 - chest.pixels
    pixels[: at.top] = pixels[at.top + at.height :] = 0
    pixels[:, : at.left] = pixels[:, at.left + at.width :] = 0
    return replace(chest, pixels=pixels)


def turned(chest, quarters):
    at, pixels = chest.placement, np.ascontiguousarray(np.rot90(chest.pixels, quarters))
    if quarters % 2:
        at = replace(
            at,
            top=at.left,
            left=at.top,
            height=at.width,
            width=at.height,
            source_height=at.source_width,
            source_width=at.source_height,
        )
    return replace(chest, pixels=pixels, placement=at)


def mirrored(chest):
    return replace(chest, pixels=np.ascontiguousarray(chest.pixels[:, ::-1]))


WAYS = {
    "inverted": (inverted, "inverted", 0.95),
    "a-quarter-turn": (lambda chest: turned(chest, 1), "rotated", 0.5),
    "upside-down": (lambda chest: turned(chest, 2), "rotated", 0.5),
    "three-quarters": (lambda chest: turned(chest, 3), "rotated", 0.5),
    "mirrored": (mirrored, "mirrored", 0.4),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_that_lies_wrong_is_named(way):
    change, name, least = WAYS[way]
    named = [change(phantom_chest(seed)).registered().oddity for seed in SEEDS]
    assert named.count(name) / len(named) >= least
    assert named.count(name) + named.count("") >= len(named) - 3  # rather none than a wrong name


def test_a_picture_that_lies_as_it_should_is_not():
    assert [registered_phantom(seed).oddity for seed in SEEDS] == [""] * len(SEEDS)


def test_real_pictures_that_lie_as_they_should_are_not():
    """Those that are named are of one patient, whose right lung is opaque: it looks like a heart on that side."""
    named = [chest.registered().oddity for chest, _ in boxed_chests(224)]
    assert set(named) <= {"", "mirrored", "rotated"}
    assert sum(name != "" for name in named) / len(named) <= 0.03


@pytest.mark.parametrize(("way", "least"), [("inverted", 0.85), ("a-quarter-turn", 0.6), ("mirrored", 0.45)])
def test_real_pictures_that_lie_wrong_are_named(way, least):
    change, name, _ = WAYS[way]
    named = [change(chest).registered().oddity for chest, _ in boxed_chests(224)[::3]]
    assert named.count(name) / len(named) >= least
