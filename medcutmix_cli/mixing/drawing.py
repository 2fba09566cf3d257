"""Draw a cut from the maps of the parents that were asked: gate, masks, alignment, region, guards, grey levels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from medcutmix_cli.attention import Mask, MaskRule, Region, Soft, Strength, widen
from medcutmix_cli.mixing.anatomy_rules import cells_of_home, cells_to_clear, select_region
from medcutmix_cli.mixing.blend_rule import BlendRule
from medcutmix_cli.mixing.guards import DEVICES, Guards, broken_guard, free_cells, shared_cells
from medcutmix_cli.mixing.intensity import match_intensity
from medcutmix_cli.mixing.markers import line_cells
from medcutmix_cli.mixing.movement import Movement
from medcutmix_cli.mixing.recipe import RefusedCut, RefusedRegions
from medcutmix_cli.mixing.region_rule import ParentEvidence, RegionRule
from medcutmix_cli.mixing.views import View
from medcutmix_cli.records import Cut
from medcutmix_cli.registration.alignment_rule import Alignment, AlignmentRule, Evidence
from medcutmix_cli.registration.alignments.none import NoAlignment


@dataclass(frozen=True, slots=True)
class Strategies:
    """The named choices of one run, built once.

    Attributes:
        energy: How the weights read a map (see `attention.energies`).
        graded_mask: What cuts findings that are a size, and have no edge, where `mask` cuts hard.
        alignment: How the donor's thorax is brought onto the recipient's.
        local_tone: Whether grey levels are matched place by place, not only once for all of the region.
    """

    mask: MaskRule
    region: RegionRule
    blend: BlendRule
    energy: str = "softmax"
    guards: Guards = field(default_factory=Guards)
    graded_mask: MaskRule = field(default_factory=Soft)
    alignment: AlignmentRule = field(default_factory=NoAlignment)
    local_tone: bool = False

    def with_graded_mask(self) -> Strategies:
        """Return the same with a mask that has no edge of its own: for findings that are a size."""
        return self if self.mask.graded else replace(self, mask=self.graded_mask)


@dataclass(frozen=True, slots=True, eq=False)
class _Drawing:
    """What has been decided of a pair so far."""

    own: Region
    given: Region
    alignment: Alignment
    movement: Movement
    joined: Mask
    strength: Strength
    free: Mask


def draw_attended(
    recipient: View, donor: View, strategies: Strategies, rng: np.random.Generator | None
) -> Cut | RefusedCut:
    """Decide region, weights and intensity from maps, or say by which rule the pair is refused.

    The evidence gate has its say first: on noise a mask would be found as well. A parent that was not asked has
    no mask and is not gated; the guards of its neighbours hold all the same. Masks are found in each parent's own
    frame, where sides and zones are; then the donor's comes to the recipient.
    """
    reason = _not_usable(recipient, donor)
    if reason:
        return RefusedCut(reason)
    found = [find_region(view, strategies) for view in (recipient, donor)]
    regions = RefusedRegions(found[0].mask, found[1].mask)
    for name, region in zip(("recipient", "donor"), found, strict=True):
        if region.rejected:
            return RefusedCut(f"{name}-{region.rejected}", regions)
    alignment = _align(recipient, donor, strategies.alignment, (found[0].mask, found[1].mask))
    if alignment.rejected:
        return RefusedCut(alignment.rejected, replace(regions, quality=alignment.quality))
    return _drawn(recipient, donor, strategies, found[0], found[1], alignment, rng)


def _drawn(
    recipient: View,
    donor: View,
    strategies: Strategies,
    own: Region,
    given: Region,
    alignment: Alignment,
    rng: np.random.Generator | None,
) -> Cut | RefusedCut:
    """Join both regions in the recipient's frame, and take what may not be pasted out of them."""
    movement = Movement(alignment.warp)
    margin = _margin(recipient, donor, strategies)
    leaves = widen(own.reach, margin)
    comes = _brought(widen(given.reach, margin), movement, strategies.mask)
    joined = strategies.region.join(
        ParentEvidence(leaves, recipient.target.side, recipient.placement),
        ParentEvidence(comes, donor.target.side, recipient.placement),
    )
    movement = movement.with_shift(joined.shift, donor.placement.canvas, own.mask.shape)
    free = free_cells(recipient, donor, strategies.guards, movement, joined.strength >= 0.5)
    free &= _homes(recipient, donor, strategies, movement, (leaves >= 0.5, comes >= 0.5))
    free &= ~_leads(donor, strategies, movement)
    strength = without_scraps(np.where(free, joined.strength, 0).astype(np.float32))
    drawing = _Drawing(own, given, alignment, movement, joined.strength >= 0.5, strength, free)
    reason = joined.rejected or _broken(drawing, recipient, donor, strategies.guards)
    if reason:
        return RefusedCut(reason, _refused_regions(drawing))
    return _cut(drawing, recipient, donor, strategies, rng)


def _brought(reach: Strength, movement: Movement, rule: MaskRule) -> Strength:
    """Bring the donor's evidence to the recipient's frame, as whole as its rule cuts it.

    A warp lays cells between cells, and what lies half in one is half as strong: a lesion would come pale all along the
    edge of its region, and half of a small one is edge. Only a graded mask means it so.
    """
    moved = movement.move_values(reach)
    return moved if rule.graded else np.where(moved >= 0.5, np.float32(1), moved)


def _refused_regions(drawing: _Drawing) -> RefusedRegions:
    mask = drawing.strength >= 0.5
    masks = (drawing.own.mask, drawing.given.mask)
    return RefusedRegions(*masks, drawing.joined, mask, drawing.movement, drawing.alignment.quality)


def _align(recipient: View, donor: View, rule: AlignmentRule, evidence: Evidence) -> Alignment:
    if not rule.registers:
        return Alignment()
    return rule.align(recipient.look().registration(), donor.look().registration(), evidence)


def _homes(
    recipient: View, donor: View, strategies: Strategies, movement: Movement, evidence: tuple[Mask, Mask]
) -> Mask:
    """Mark where findings of the lung may be pasted: where both have lung, where it is known where that is.

    What is evidence of one parent alone is asked for that finding's home: fluid leaves the recess behind the diaphragm
    although a nodule comes elsewhere.
    """
    shape = recipient.scores.shape
    if not (strategies.alignment.registers and strategies.guards.lungs):
        return np.ones(shape, dtype=np.bool_)
    anatomies = (recipient.look().anatomy(shape), donor.look().anatomy(shape))
    asked = sorted({view.target.finding for view in (recipient, donor) if view.asked})
    homes = cells_of_home(asked, *anatomies, movement)
    if len(asked) < 2:
        return homes  # neither finding keeps the other out of its home
    homes |= evidence[0] & cells_to_clear(recipient.target.finding, *anatomies, movement)
    homes |= evidence[1] & cells_of_home([donor.target.finding], *anatomies, movement)
    return homes


def _leads(donor: View, strategies: Strategies, movement: Movement) -> Mask:
    """Mark the cells that a lead in a lung of the donor lies in; none where devices are asked for, or lungs unknown."""
    shape = donor.scores.shape
    if not (strategies.alignment.registers and strategies.guards.markers) or donor.target.finding == DEVICES:
        return np.zeros(shape, dtype=np.bool_)
    return line_cells(donor.look().leads(), shape, movement)


def without_scraps(strength: Strength) -> Strength:
    """Drop the pieces (4-connected, at 0.5) that are less than a tenth of the region: left over by cutting."""
    from scipy import ndimage  # takes longer to load than reading a plan, which draws nothing

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


def find_region(view: View, strategies: Strategies) -> Region:
    """Cut the mask of one parent in its own frame; an empty one where it was not asked."""
    if not view.asked:
        return Region(np.zeros(view.scores.shape, dtype=np.bool_))
    anatomy = view.look().anatomy(view.scores.shape) if strategies.alignment.registers else None
    return select_region(strategies.mask, view.scores, view.target, view.placement, anatomy)


def _broken(drawing: _Drawing, recipient: View, donor: View, guards: Guards) -> str:
    """Name the first rule that the region breaks, once edges and letters are taken out of it."""
    mask, movement = drawing.strength >= 0.5, drawing.movement
    if not mask.any():
        shared = shared_cells(recipient.placement, donor.placement, mask.shape, movement)
        return "no-cell-to-paste" if shared.any() else "no-shared-field-of-view"
    come, leave = least_shares(recipient, donor, guards)
    if donor.asked and arriving_share(drawing.given.mask, mask, movement) < come:
        return "donor-evidence-left-out"
    if recipient.asked and leaving_share(drawing.own.mask & drawing.joined, mask) < leave:
        return "recipient-evidence-left-out"
    return broken_guard(mask, movement, recipient, donor, guards)


def least_shares(recipient: View, donor: View, guards: Guards) -> tuple[float, float]:
    """Return the least share of the donor's evidence that must come, and of the recipient's that must leave.

    Where both have the finding, the label is right whatever is left; where one has not, the label hangs on it.
    """
    shares = (guards.donor_share, guards.recipient_share)
    if not _changes_label(recipient, donor):
        return shares
    return max(shares[0], guards.changed_share), max(shares[1], guards.changed_share)


def _changes_label(recipient: View, donor: View) -> bool:
    """Say whether a label of the mix hangs on how much comes or leaves: not where both have the finding."""
    return not (recipient.asked and recipient.target.finding == donor.target.finding)


def _margin(recipient: View, donor: View, strategies: Strategies) -> int:
    """Return how many rings around the evidence go with it.

    None go where a parent has a device beside it, which is long and thin: a ring cuts pieces off it that its map does
    not point at. None go around what a graded mask has no edge of.
    """
    device = DEVICES in recipient.beside | donor.beside
    wide = _changes_label(recipient, donor) and not device and not strategies.mask.graded
    return strategies.guards.changed_margin if wide else 0


def arriving_share(given: Mask, region: Mask, movement: Movement) -> float:
    """Return the share of the donor's evidence that the region holds; what is moved out of the canvas counts."""
    moved = movement.move_mask(given)
    size = int(given.sum()) if movement.warp is None else max(1, int(moved.sum()))
    return int((moved & region).sum()) / max(1, size)


def leaving_share(own: Mask, region: Mask) -> float:
    """Return the share of the recipient's evidence that is pasted over, of what was to be; 1 where nothing was."""
    return int((own & region).sum()) / int(own.sum()) if own.any() else 1.0


def _cut(
    drawing: _Drawing,
    recipient: View,
    donor: View,
    strategies: Strategies,
    rng: np.random.Generator | None,
) -> Cut:
    mask, movement, blend = drawing.strength >= 0.5, drawing.movement, strategies.blend
    match = match_intensity(recipient, donor, mask, movement, local=strategies.local_tone)
    return Cut(
        mask_a=drawing.own.mask,
        mask_b=drawing.given.mask,
        mask=mask,
        # A soft edge must not reach what is guarded.
        weights=np.where(drawing.free, blend.soften(drawing.strength, rng), np.float16(0)),
        interpolation=blend.interpolation,
        gain=match.gain,
        offset=match.offset,
        shift_y=movement.down,
        shift_x=movement.right,
        warp=movement.warp,
        align_quality=drawing.alignment.quality,
        tone=match.tone if strategies.local_tone else None,
    )
