"""Draw a cut from the maps of the parents that were asked: gate, masks, region, guards, weights, grey levels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from medcutmix_cli.attention import Mask, MaskRule, Region, Soft, Strength
from medcutmix_cli.mixing.blend_rule import BlendRule
from medcutmix_cli.mixing.guards import Guards, broken_guard, free_cells, shared_cells
from medcutmix_cli.mixing.intensity import match_intensity
from medcutmix_cli.mixing.recipe import RefusedCut
from medcutmix_cli.mixing.region_rule import JoinedRegion, ParentEvidence, RegionRule
from medcutmix_cli.mixing.shifts import shift_array
from medcutmix_cli.mixing.views import View
from medcutmix_cli.records import Cut


@dataclass(frozen=True, slots=True)
class Strategies:
    """The named choices of one run, built once.

    Attributes:
        energy: How the weights read a map (see `attention.energies`).
        graded_mask: What cuts findings that are a size, and have no edge, where `mask` cuts hard.
    """

    mask: MaskRule
    region: RegionRule
    blend: BlendRule
    energy: str = "softmax"
    guards: Guards = field(default_factory=Guards)
    graded_mask: MaskRule = field(default_factory=Soft)

    def with_graded_mask(self) -> Strategies:
        """Return the same with a mask that has no edge of its own: for findings that are a size."""
        return self if self.mask.graded else replace(self, mask=self.graded_mask)


def draw_attended(
    recipient: View, donor: View, strategies: Strategies, rng: np.random.Generator | None
) -> Cut | RefusedCut:
    """Decide region, weights and intensity from maps, or say by which rule the pair is refused.

    The evidence gate has its say first: on noise a mask would be found as well. A parent that was not asked has
    no mask and is not gated; the guards of its neighbours hold all the same.
    """
    reason = _not_usable(recipient, donor)
    if reason:
        return RefusedCut(reason)
    found = [_found(view, strategies.mask) for view in (recipient, donor)]
    for name, region in zip(("recipient", "donor"), found, strict=True):
        if region.rejected:
            return RefusedCut(f"{name}-{region.rejected}")
    own, given = found
    joined = strategies.region.join(_evidence(recipient, own), _evidence(donor, given))
    free = free_cells(recipient, donor, strategies.guards, joined.shift, joined.strength >= 0.5)
    strength = without_scraps(np.where(free, joined.strength, 0).astype(np.float32))
    reason = joined.rejected or _broken(strength, joined, given.mask, recipient, donor, strategies.guards)
    if reason:
        return RefusedCut(reason)
    return _cut(own.mask, given.mask, strength, free, joined, recipient, donor, strategies.blend, rng)


def without_scraps(strength: Strength) -> Strength:
    """Drop the pieces (4-connected, at 0.5) that are less than a tenth of the region: left over by cutting."""
    labelled, count = ndimage.label(strength >= 0.5)
    if count < 2:
        return strength
    sizes = np.bincount(labelled.ravel())
    scraps = sizes < 0.1 * sizes[1:].sum()
    return np.where(scraps[labelled] & (labelled > 0), 0, strength).astype(np.float32)


def _not_usable(recipient: View, donor: View) -> str:
    if not (recipient.asked or donor.asked):
        return "nothing-was-asked"
    named = (("recipient", recipient), ("donor", donor))
    return next((f"{name}-weak-evidence" for name, view in named if view.asked and not view.grounded), "")


def _found(view: View, rule: MaskRule) -> Region:
    if not view.asked:
        return Region(np.zeros(view.scores.shape, dtype=np.bool_))
    return rule.select(view.scores, view.target, view.placement)


def _evidence(view: View, region: Region) -> ParentEvidence:
    return ParentEvidence(region.reach, view.target.side, view.placement)


def _broken(
    strength: Strength, joined: JoinedRegion, given: Mask, recipient: View, donor: View, guards: Guards
) -> str:
    """Name the first rule that the region breaks, once edges and letters are taken out of it."""
    mask, shift = strength >= 0.5, joined.shift
    if not mask.any():
        shared = shared_cells(recipient.placement, donor.placement, mask.shape, shift)
        return "no-cell-to-paste" if shared.any() else "no-shared-field-of-view"
    arrives = int((shift_array(given, shift.rows, shift.columns) & mask).sum())
    if donor.asked and arrives < guards.donor_share * int(given.sum()):
        return "donor-evidence-left-out"
    return broken_guard(mask, shift, recipient, donor, guards)


def _cut(
    own: Mask,
    given: Mask,
    strength: Strength,
    free: Mask,
    joined: JoinedRegion,
    recipient: View,
    donor: View,
    blend: BlendRule,
    rng: np.random.Generator | None,
) -> Cut:
    mask = strength >= 0.5
    gain, offset = match_intensity(recipient, donor, mask, joined.shift)
    # A soft edge must not reach what is guarded.
    weights = np.where(free, blend.soften(strength, rng), np.float16(0))
    shift_y, shift_x = joined.shift.pixels(donor.placement.canvas, mask.shape)
    return Cut(own, given, mask, weights, blend.interpolation, gain, offset, shift_y, shift_x)
