"""What a paste must leave alone: edges and letters of pictures, devices, and findings that the text keeps.

The mixed report still names the recipient's devices and other findings, so their evidence must stay; it does not
name the donor's, so they must not come. Nothing is known of them but a map, so each rule is a rule about maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Mask, Scores, cells_inside, cells_with_score, erode, top_cells
from medcutmix_cli.mixing.markers import line_cells, marker_cells
from medcutmix_cli.mixing.movement import IN_ITS_PLACE, Movement
from medcutmix_cli.mixing.views import NeighbourView, Pixels, View
from medcutmix_cli.records import Placement

DEVICES = "support_devices"

_BLACK = 10  # grey levels below this are air or collimation
_BLACK_SHARE = 0.1  # of a cell's pixels

UNMAPPED = ("refuse", "count")
"""What can be done with a pair one of whose neighbours has no map, so that no guard can look after it."""


@dataclass(frozen=True, slots=True)
class Guards:
    """How careful a paste is. A neighbour is what else a parent's report says is there.

    Attributes:
        border: Rings of cells at both pictures' edges that are left alone.
        edge: Whether the region itself may lie there for all that, so that a finding at the edge is exchanged whole: in
            cells that are as black in both pictures, so that no collimation comes or goes. Nothing else gets there.
        markers: Whether cells that reach a burnt-in letter have weight 0 as well, and those in which the donor has a
            lead, a tube or a drawn arrow; a grey one where pictures are registered.
        core: A neighbour's own place: this share of the picture's cells, those of its map that score highest.
        spare: Whether the core of a device or of another finding is left out of the paste before it is asked how much
            of it is taken: the region goes round it.
        exchanged: Share of the picture's cells, the strongest evidence of what is exchanged, that is never left out for
            another finding; for a device it is, as long as `donor_share` still comes.
        neighbour_share: Share of a neighbour's core that may lie in the paste; 1 guards nothing.
        device_share: The same of devices, which are long and thin: a piece of one is soon cut off. With 1 no
            region goes round them either.
        donor_share: Least share of the donor's evidence that must be pasted.
        recipient_share: Least share of the recipient's evidence that must be pasted over, of what the region takes of
            it: the mixed report no longer speaks of it.
        changed_share: The same of both where the two findings differ, or the recipient has none, if that is more: the
            label of the mix hangs on it (`docs/decisions/19-changed-labels.md`).
        changed_margin: Rings of cells around hard evidence that are exchanged with it there: a map is as fine as its
            cells, and half of a small lesion is edge. They keep to the homes of both, no share counts them, and none go
            where a parent has a device beside it (`docs/decisions/20-ring-of-evidence.md`).
        lungs: Whether findings of lung and pleura are pasted into lungs only, where pictures are registered.
        unmapped: What becomes of a pair whose neighbour has no map (its sentence is too long for the encoder, or not
            in the file of maps): "refuse" rejects it by name, "count" writes it and notes it.
    """

    border: int = 1
    edge: bool = True
    markers: bool = True
    core: float = 0.10
    spare: bool = True
    exchanged: float = 0.05
    neighbour_share: float = 0.20
    device_share: float = 0.05
    donor_share: float = 0.50
    recipient_share: float = 0.50
    changed_share: float = 0.75
    changed_margin: int = 1
    lungs: bool = True
    unmapped: str = "refuse"

    def __post_init__(self) -> None:
        """Refuse shares that are none, and words that nothing is done for."""
        shares = (
            *(self.exchanged, self.neighbour_share, self.device_share),
            *(self.donor_share, self.recipient_share, self.changed_share),
        )
        rings = min(self.border, self.changed_margin)
        if rings < 0 or not 0 < self.core <= 1 or not all(0 <= share <= 1 for share in shares):
            raise ValueError(
                "border must be at least 0, and changed_margin, core in (0, 1], the other shares in [0, 1]"
            )
        if self.unmapped not in UNMAPPED:
            raise ValueError(f"unmapped must be one of {', '.join(UNMAPPED)}, not {self.unmapped!r}")

    def allowed_share(self, finding: str) -> float:
        """Return the share of a neighbour's core that may lie in the paste."""
        return self.device_share if finding == DEVICES else self.neighbour_share

    def need_map(self, finding: str) -> bool:
        """Say whether any guard looks at the map of such a neighbour."""
        return self.allowed_share(finding) < 1 or (self.spare and finding != DEVICES)


def shared_cells(recipient: Placement, donor: Placement, grid: tuple[int, ...], movement: Movement) -> Mask:
    """Return the cells where the recipient and the moved donor both have picture."""
    return cells_inside(recipient, grid) & movement.inside_cells(donor, grid)


def free_cells(
    recipient: View, donor: View, guards: Guards, movement: Movement, region: Mask | None = None
) -> Mask:
    """Return the cells that may be pasted, in the recipient's frame.

    They hold picture of both, no letter and no line that would come, nothing that another finding needs more, and no
    edge but the region's.

    Args:
        recipient: As the mix sees it (likewise donor).
        donor: Before it is moved.
        guards: How careful a paste is.
        movement: How the donor is brought there.
        region: What is to be pasted, in the recipient's frame.
    """
    grid = recipient.scores.shape
    shared = shared_cells(recipient.placement, donor.placement, grid, movement)
    free = erode(shared, guards.border)
    if region is not None and guards.edge:
        free |= shared & region & _as_black(recipient, donor, grid, movement)
    if guards.markers:
        free &= ~_foreign(recipient, donor, grid, movement)
    return free & ~_spared(recipient, donor, guards, movement) if guards.spare else free


def _foreign(recipient: View, donor: View, grid: tuple[int, ...], movement: Movement) -> Mask:
    """Return the cells that reach a letter of either, and those in which the donor has a line that is not asked for."""
    own, brought = recipient.look().markers(), donor.look().markers()
    letters = marker_cells(own.letters, grid) | marker_cells(brought.letters, grid, movement)
    return letters if donor.target.finding == DEVICES else letters | line_cells(brought.lines, grid, movement)


def _as_black(recipient: View, donor: View, grid: tuple[int, ...], movement: Movement) -> Mask:
    """Return the cells of which about as much is black in both pictures: air and collimation, or neither."""
    own, given = (_black_share(view.pixels, grid) for view in (recipient, donor))
    moved = movement.move_values(given)
    return np.asarray(np.abs(own - moved) <= _BLACK_SHARE, dtype=np.bool_)


def _black_share(pixels: Pixels, grid: tuple[int, ...]) -> npt.NDArray[np.float32]:
    black = (pixels < _BLACK).astype(np.float32)
    return np.asarray(cv2.resize(black, grid[::-1], interpolation=cv2.INTER_AREA), dtype=np.float32)


def _spared(recipient: View, donor: View, guards: Guards, movement: Movement) -> Mask:
    """Return the cores of other findings, without the strongest evidence of what is exchanged, and those of devices.

    A tube may well cross the evidence. It is thin and the text keeps it, so what lies under it is given up; a finding
    that covers the evidence is refused.
    """
    if recipient.spared is not None:
        return recipient.spared
    devices, others, needed = (np.zeros(recipient.scores.shape, dtype=np.bool_) for _ in range(3))
    for view, by in ((recipient, IN_ITS_PLACE), (donor, movement)):
        for neighbour in view.neighbours:
            if guards.need_map(neighbour.finding):
                kept = devices if neighbour.finding == DEVICES else others
                kept |= by.move_mask(_core(neighbour.scores, view.placement, guards.core))
        if view.asked:
            needed |= by.move_mask(_core(view.scores, view.placement, guards.exchanged))
    return (others & ~needed) | devices


def _core(scores: Scores, placement: Placement, share: float) -> Mask:
    """Return the highest cells of a map, at least one; none of an empty map."""
    usable = cells_with_score(scores, placement)
    return top_cells(scores, usable, max(share, 1 / max(1, int(usable.sum()))))


@dataclass(frozen=True, slots=True, eq=False)
class BrokenGuard:
    """A guard that a paste would break.

    Attributes:
        reason: As `broken_guard` names it.
        neighbour: What would be covered or brought along.
        core: Its own place, (grid_h, grid_w) bool in the frame of its parent.
        touched: What of it lies in the paste, in the recipient's frame.
        share: Share of the core that lies in the paste, 1 where its peak does.
        allowed: The most that may.
    """

    reason: str
    neighbour: NeighbourView
    core: Mask
    touched: Mask
    share: float
    allowed: float


def broken_guard(region: Mask, movement: Movement, recipient: View, donor: View, guards: Guards) -> str:
    """Name the first guard that pasting `region` (recipient's frame) would break, "" where there is none.

    "recipient-device-cut" and "recipient-finding-covered": what the mixed report still says would be gone.
    "donor-device-pasted" and "donor-finding-pasted": what it does not say would be there.
    """
    found = find_broken_guard(region, movement, recipient, donor, guards)
    return found.reason if found else ""


def find_broken_guard(
    region: Mask, movement: Movement, recipient: View, donor: View, guards: Guards
) -> BrokenGuard | None:
    """Return the first guard that pasting `region` would break, with what it guards; see `broken_guard`."""
    for view, by, device, finding in (
        (recipient, IN_ITS_PLACE, "recipient-device-cut", "recipient-finding-covered"),
        (donor, movement, "donor-device-pasted", "donor-finding-pasted"),
    ):
        for neighbour in view.neighbours:
            allowed = guards.allowed_share(neighbour.finding)
            if allowed >= 1:
                continue
            share = _touched(neighbour, view.placement, region, guards.core, by)
            if share > allowed:
                reason = device if neighbour.finding == DEVICES else finding
                core = _core(neighbour.scores, view.placement, guards.core)
                reached = by.move_mask(core) | _reached(_peak(core, neighbour.scores), by)
                return BrokenGuard(reason, neighbour, core, reached & region, share, allowed)
    return None


def _touched(
    neighbour: NeighbourView, placement: Placement, region: Mask, share: float, movement: Movement
) -> float:
    """Return the share of a neighbour's core that lies in `region`: 1 where its peak does, 0 of an empty map.

    What is moved out of the canvas cannot be pasted and counts as not touched.
    """
    core = _core(neighbour.scores, placement, share)
    if not core.any():
        return 0.0
    if (_reached(_peak(core, neighbour.scores), movement) & region).any():
        return 1.0
    return float((movement.move_mask(core) & region).sum() / _size(core, movement))


def _peak(core: Mask, scores: Scores) -> Mask:
    """Mark the highest cell of a core."""
    peak = np.zeros_like(core)
    peak.flat[int(np.argmax(np.where(core, scores, -np.inf)))] = True
    return peak


def _reached(peak: Mask, movement: Movement) -> Mask:
    """Return the cells that one cell of a parent comes to; a warp may spread it over several."""
    if movement.warp is None:
        return movement.move_mask(peak)
    return movement.move_values(peak.astype(np.float32)) > 0.25


def _size(core: Mask, movement: Movement) -> float:
    """Return how many cells a core takes where it comes to, whether or not they lie on the canvas."""
    return float(core.sum()) if movement.warp is None else max(1.0, float(movement.move_mask(core).sum()))
