"""What every blend keeps."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from medcutmix_cli.attention import Strength, TopK
from medcutmix_cli.mixing.blend_rule import BlendRule, WeightGrid
from medcutmix_cli.records import MapTarget
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect, expect_unchanged, expect_unit
from medcutmix_cli.testing.inputs import GRID, SEEDS, made_maps


def _strengths() -> list[Strength]:
    hard = [TopK().select(scores, MapTarget(), placement).strength for scores, placement in made_maps()]
    graded = [np.random.default_rng(s).random((GRID, GRID)).astype(np.float32) for s in SEEDS]
    return [*hard, *graded, np.ones((GRID, GRID), np.float32)]


def _soften(blend: BlendRule, strength: Strength) -> WeightGrid:
    return blend.soften(strength, np.random.default_rng(1))


def says_how_weights_are_brought_to_pixels(blend: BlendRule) -> None:
    """The interpolation is one that replaying knows."""
    expect(blend.interpolation in ("bilinear", "nearest"), "interpolation: bilinear or nearest")


def gives_weights_as_they_are_stored(blend: BlendRule) -> None:
    """Weights have the grid's shape, are float16 and lie in [0, 1]."""
    for strength in _strengths():
        weights = _soften(blend, strength)
        expect(weights.shape == strength.shape, "weights: the grid's shape")
        expect(weights.dtype == np.float16, "weights: float16, as stored, so that a row replays exactly")
        expect_unit(weights, "weights")


def leaves_far_cells_alone(blend: BlendRule) -> None:
    """A cell with no strength in or beside it has weight 0: what is guarded there stays."""
    for strength in _strengths():
        near = ndimage.maximum_filter(strength, size=3) > 0
        expect(not _soften(blend, strength)[~near].any(), "a cell away from the region has a weight")


def draws_from_its_generator_alone(blend: BlendRule) -> None:
    """The same strength and generator give the same weights; the strength is left as it was."""
    for strength in _strengths():
        before = strength.copy()
        first, again = _soften(blend, strength), _soften(blend, strength)
        expect(np.array_equal(first, again), "the same generator gave two results")
        expect_unchanged(before, strength, "the strength")


CHECKS: tuple[Check, ...] = (
    says_how_weights_are_brought_to_pixels,
    gives_weights_as_they_are_stored,
    leaves_far_cells_alone,
    draws_from_its_generator_alone,
)
