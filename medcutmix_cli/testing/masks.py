"""What every rule for masks keeps."""

from __future__ import annotations

import numpy as np

from medcutmix_cli.attention import MaskRule, Region, agrees_with_side, cells_with_score
from medcutmix_cli.records import MapTarget, Side
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect, expect_name, expect_unchanged, expect_unit
from medcutmix_cli.testing.inputs import made_maps


def says_whether_it_is_graded(rule: MaskRule) -> None:
    """`graded` is true or false; a rule that is not takes cells whole."""
    expect(isinstance(rule.graded, bool), "graded must be True or False")
    for scores, placement in made_maps():
        strength = rule.select(scores, MapTarget(), placement).strength
        whole = bool(np.isin(strength, (0, 1)).all())
        expect(rule.graded or whole, "a rule that is not graded gives strengths of 0 and 1 only")


def returns_a_mask_on_the_grid_of_the_map(rule: MaskRule) -> None:
    """Mask and strength have the shape of the map; the mask is where the strength is at least 0.5."""
    for scores, placement in made_maps():
        region = rule.select(scores, MapTarget(), placement)
        expect(
            region.mask.shape == region.strength.shape == scores.shape, "mask and strength: the map's shape"
        )
        expect(region.mask.dtype == np.bool_ and region.strength.dtype == np.float32, "bool and float32")
        expect_unit(region.strength, "strength")
        expect(np.array_equal(region.mask, region.strength >= 0.5), "mask is where strength >= 0.5")


def reaches_at_least_what_it_takes(rule: MaskRule) -> None:
    """What is exchanged holds the evidence, and lies in the picture as well."""
    for scores, placement in made_maps():
        region = rule.select(scores, MapTarget(), placement)
        expect(region.reach.shape == scores.shape, "the reach: the map's shape")
        expect(region.reach.dtype == np.float32, "the reach: float32")
        expect_unit(region.reach, "the reach")
        expect(bool((region.reach >= region.strength).all()), "the reach is nowhere below the strength")
        outside = region.reach[~cells_with_score(scores, placement)]
        expect(not outside.any(), "a cell without a score, or outside the picture, was reached")


def takes_cells_of_the_picture_only(rule: MaskRule) -> None:
    """No cell without a score is taken: those of the bars beside the picture are NaN."""
    for scores, placement in made_maps():
        inside = cells_with_score(scores, placement)
        strength = rule.select(scores, MapTarget(), placement).strength
        expect(not strength[~inside].any(), "a cell without a score, or outside the picture, was taken")


def keeps_to_the_stated_side(rule: MaskRule) -> None:
    """What is not refused lies on the side that the report states."""
    for side in Side:
        for scores, placement in made_maps():
            region = rule.select(scores, MapTarget("pleural_effusion", side, "small", "base"), placement)
            fits = region.rejected or agrees_with_side(region.mask, scores, side, placement)
            expect(fits, f"a region on another side than {side} was not refused")


def refuses_by_name(rule: MaskRule) -> None:
    """A map without a score is refused, as is an empty mask; reasons are names."""
    for scores, placement in made_maps():
        nothing = rule.select(np.full_like(scores, np.nan), MapTarget(), placement)
        expect(nothing.rejected, "a map without a score must be refused")
        for region in (nothing, rule.select(scores, MapTarget(), placement)):
            expect(region.rejected or region.mask.any(), "an empty mask must be refused")
            if region.rejected:
                expect_name(region.rejected)


def decides_by_its_input_alone(rule: MaskRule) -> None:
    """The same map gives the same region, and is left as it was."""
    for scores, placement in made_maps():
        before = scores.copy()
        first, again = (rule.select(scores, MapTarget(), placement) for _ in range(2))
        expect(_same(first, again), "the same map gave two regions")
        expect_unchanged(before, scores, "the map")


def _same(one: Region, other: Region) -> bool:
    same = np.array_equal(one.strength, other.strength) and np.array_equal(one.reach, other.reach)
    return one.rejected == other.rejected and same


CHECKS: tuple[Check, ...] = (
    says_whether_it_is_graded,
    returns_a_mask_on_the_grid_of_the_map,
    reaches_at_least_what_it_takes,
    takes_cells_of_the_picture_only,
    keeps_to_the_stated_side,
    refuses_by_name,
    decides_by_its_input_alone,
)
