"""Where a rule that refused a pair was broken: cells to draw, and a sentence. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from medcutmix_cli.attention import Mask, cells_with_score
from medcutmix_cli.mixing.drawing import Strategies, arriving_share, find_region, least_shares, leaving_share
from medcutmix_cli.mixing.guards import BrokenGuard, find_broken_guard
from medcutmix_cli.mixing.recipe import RefusedCut, RefusedRegions
from medcutmix_cli.mixing.views import View
from medcutmix_cli.sides import Half, image_half

_PARENTS = ("recipient", "donor")


@dataclass(frozen=True, slots=True, eq=False)
class RefusalMarks:
    """What is drawn of a refusal; each mask is (grid_h, grid_w) bool.

    Attributes:
        evidence: Of recipient and donor, each in its own frame; empty where none was found.
        region: What was to be pasted, in the recipient's frame; empty where a rule came before.
        broken: The cells that broke the rule, by the parent in whose frame they are.
        neighbours: What they belong to, likewise.
        details: What was measured, in sentences.
    """

    evidence: tuple[Mask, Mask]
    region: Mask
    broken: dict[str, Mask] = field(default_factory=dict)
    neighbours: dict[str, Mask] = field(default_factory=dict)
    details: tuple[str, ...] = ()


def mark_refusal(refused: RefusedCut, recipient: View, donor: View, strategies: Strategies) -> RefusalMarks:
    """Say which cells broke the rule.

    Args:
        refused: What `draw_cut` said of the same views.
        recipient: As the mix sees it (likewise donor).
        donor: Before it is moved.
        strategies: Those that refused.
    """
    regions = refused.regions or _regions(recipient, donor, strategies)
    if regions.mask is not None:
        return _of_region(refused.reason, regions, recipient, donor, strategies)
    return _of_parent(refused.reason, regions, (recipient, donor), strategies)


def _regions(recipient: View, donor: View, strategies: Strategies) -> RefusedRegions:
    """Find the masks of a pair that was refused before: of maps alone, for drawing."""
    found = [find_region(view, strategies).mask for view in (recipient, donor)]
    return RefusedRegions(found[0], found[1])


def _of_parent(
    reason: str, regions: RefusedRegions, views: tuple[View, View], strategies: Strategies
) -> RefusalMarks:
    """Mark what a rule of one parent, or of both before anything was joined, says."""
    masks = (regions.mask_a, regions.mask_b)
    nothing = np.zeros_like(masks[0])
    broken, details = {}, []
    for name, view, mask in zip(_PARENTS, views, masks, strict=True):
        if reason.startswith(f"{name}-mask-"):
            broken[name] = _misplaced(reason, mask, view, strategies)
            details.append(_mask_words(name, view, mask))
        elif reason == f"{name}-weak-evidence":
            details.append(
                f"ground_p of the {name} {view.ground_p:.4f}: pictures without the finding peak as high"
            )
    if regions.quality is not None:
        details.append(f"the two chests agree with a correlation of {regions.quality:.2f}")
    return RefusalMarks(masks, nothing, broken, details=tuple(details))


def _misplaced(reason: str, mask: Mask, view: View, strategies: Strategies) -> Mask:
    """Return the part of a mask that lies where it must not; all of it where its size is wrong."""
    if reason.endswith("mask-wrong-side") and image_half(view.target.side) is not Half.WHOLE:
        other = np.zeros_like(mask)
        middle = mask.shape[1] // 2
        in_left = image_half(view.target.side) is Half.LEFT
        other[:, middle:] = in_left
        other[:, :middle] = not in_left
        return mask & other
    if reason.endswith("mask-outside-lungs") and strategies.alignment.registers:
        return mask & (view.look().anatomy(mask.shape).lungs < 0.5)
    return mask


def _mask_words(name: str, view: View, mask: Mask) -> str:
    seen = max(1, int(cells_with_score(view.scores, view.placement).sum()))
    said = f"the {name}'s mask takes {mask.sum() / seen:.1%} of its picture"
    side = str(view.target.side)
    return said if side == "none" else f"{said}; the report says: {side}"


def _of_region(
    reason: str, regions: RefusedRegions, recipient: View, donor: View, strategies: Strategies
) -> RefusalMarks:
    """Mark what a rule of the region says: what would be left out, covered or brought along."""
    mask = np.zeros_like(regions.mask_a) if regions.mask is None else regions.mask
    masks = (regions.mask_a, regions.mask_b)
    guard = find_broken_guard(mask, regions.movement, recipient, donor, strategies.guards)
    if guard is not None and guard.reason == reason:
        return _of_guard(guard, masks, mask)
    come, leave = least_shares(recipient, donor, strategies.guards)
    if reason == "donor-evidence-left-out":
        brought = regions.movement.move_mask(regions.mask_b)
        share = arriving_share(regions.mask_b, mask, regions.movement)
        said = f"{share:.0%} of the donor's evidence would come; {come:.0%} must"
        return RefusalMarks(masks, mask, {"recipient": brought & ~mask}, details=(said,))
    joined = mask if regions.joined is None else regions.joined
    if reason == "recipient-evidence-left-out":
        own = regions.mask_a & joined
        said = f"{leaving_share(own, mask):.0%} of the recipient's evidence would leave; {leave:.0%} must"
        return RefusalMarks(masks, mask, {"recipient": own & ~mask}, details=(said,))
    return RefusalMarks(masks, joined, {"recipient": joined & ~mask})


def _of_guard(guard: BrokenGuard, masks: tuple[Mask, Mask], mask: Mask) -> RefusalMarks:
    name = guard.reason.partition("-")[0]
    finding = guard.neighbour.finding.replace("_", " ")
    what = "the strongest place" if guard.share >= 1 else f"{guard.share:.0%}"
    cells = f"(the {guard.core.sum()} highest cells of its map)"
    said = f"{what} of the {name}'s {finding} {cells} lies in the region; {guard.allowed:.0%} may"
    return RefusalMarks(masks, mask, {"recipient": guard.touched}, {name: guard.core}, (said,))
