"""What anatomy says against a mask: another side, no lung, another zone. Rules as data in `anatomy.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Mask, MaskRule, Region, Scores
from medcutmix_cli.mixing.movement import Movement
from medcutmix_cli.records import MapTarget, Placement, ThoraxPlacement
from medcutmix_cli.registration.anatomy import PictureAnatomy
from medcutmix_cli.sides import Half, image_half

_MIDLINE = 2.0  # thumbnail pixels either side of it are of both sides: a heart's apex, a turned patient
_IN_LUNG = 0.5  # least share of a mask of the lung that lies in one
_IN_ZONE = 0.5  # least share of a mask that lies in the zone that is said; the rest is left out of it
_ANYWHERE = (-np.inf, np.inf)


@dataclass(frozen=True, slots=True)
class AnatomyTable:
    """The data of `anatomy.toml`.

    Attributes:
        lung_findings: Lexicon ids of what lies in a lung or on its edge.
        pleural_findings: Those of them that lie behind the diaphragm as well.
        zones: Location word -> (lowest, highest) height of what it names; 0 is the apex, 1 the base.
        usual: Lexicon id -> (lowest, highest) height of a mask's middle where no zone is said.
    """

    lung_findings: frozenset[str]
    pleural_findings: frozenset[str]
    zones: dict[str, tuple[float, float]]
    usual: dict[str, tuple[float, float]]


@cache
def anatomy_table() -> AnatomyTable:
    """Return the packaged data."""
    plain = tomllib.loads(Path(__file__).with_name("anatomy.toml").read_text(encoding="utf-8"))
    zones, usual = (
        {name: (float(low), float(high)) for name, (low, high) in plain[part].items()}
        for part in ("zones", "usual")
    )
    return AnatomyTable(frozenset(plain["lung_findings"]), frozenset(plain["pleural_findings"]), zones, usual)


def select_region(
    rule: MaskRule,
    scores: Scores,
    target: MapTarget,
    placement: Placement,
    anatomy: PictureAnatomy | None,
) -> Region:
    """Cut a mask from a map, by the anatomy of the picture where it is registered.

    Args:
        rule: The run's mask rule.
        scores: (grid_h, grid_w) float32 raw map.
        target: What it was asked for.
        placement: Where the picture lies on the canvas.
        anatomy: Of the picture, on the map's grid; None where it is not registered: sides are halves of the picture,
            and no rule of anatomy is asked.
    """
    if anatomy is None:
        return rule.select(scores, target, placement)
    where = _in_thorax(placement, anatomy)
    region = rule.select(scores, target, where)
    if region.rejected:
        return region
    zone = cells_of_zone(target, anatomy)
    strength, reach = (np.where(zone, values, np.float32(0)) for values in (region.strength, region.reach))
    return Region(region.mask & zone, broken_anatomy(region.mask, target, anatomy), strength, reach)


def _in_thorax(at: Placement, anatomy: PictureAnatomy) -> ThoraxPlacement:
    plain = {field.name: getattr(at, field.name) for field in fields(Placement)}
    return ThoraxPlacement(**plain, leftness=anatomy.leftness)


def broken_anatomy(mask: Mask, target: MapTarget, anatomy: PictureAnatomy) -> str:
    """Name the first rule of anatomy that a mask breaks, "" where there is none.

    Args:
        mask: (grid_h, grid_w) bool, in the picture's own frame; not empty.
        target: What its map was asked for.
        anatomy: Of the picture, on the same grid.

    Returns:
        "mask-wrong-side": most of it lies on the other side of the patient's midline (sides.py, clause 8);
        "mask-outside-lungs": most of it lies outside both lungs, and the finding is one of lung or pleura;
        "mask-wrong-zone": most of it lies above or below the zone that the sentence names; where it names none, its
            middle lies where the finding never does.
    """
    if _on_other_side(mask, target, anatomy):
        return "mask-wrong-side"
    home = home_of(target.finding, anatomy)
    if home is not None and float(home[mask].mean()) < _IN_LUNG:
        return "mask-outside-lungs"
    if float(cells_of_zone(target, anatomy)[mask].mean()) < _IN_ZONE:
        return "mask-wrong-zone"
    return "" if _at_usual_height(mask, target, anatomy) else "mask-wrong-zone"


def cells_of_zone(target: MapTarget, anatomy: PictureAnatomy) -> Mask:
    """Mark the cells at the heights that a sentence names; all where it names none."""
    low, high = anatomy_table().zones.get(target.location, _ANYWHERE)
    return np.asarray((low <= anatomy.height) & (anatomy.height <= high), dtype=np.bool_)


def _at_usual_height(mask: Mask, target: MapTarget, anatomy: PictureAnatomy) -> bool:
    table = anatomy_table()
    low, high = _ANYWHERE if target.location in table.zones else table.usual.get(target.finding, _ANYWHERE)
    return bool(low <= float(np.median(anatomy.height[mask])) <= high)


def _on_other_side(mask: Mask, target: MapTarget, anatomy: PictureAnatomy) -> bool:
    half = image_half(target.side)
    if half is Half.WHOLE:
        return False
    towards = anatomy.leftness if half is Half.RIGHT else -anatomy.leftness  # the patient faces whoever looks
    return float((towards[mask] < -_MIDLINE).mean()) > 0.5


def home_of(finding: str, anatomy: PictureAnatomy) -> npt.NDArray[np.float32] | None:
    """Return where a finding of lung or pleura can lie, (grid_h, grid_w) in [0, 1]; None of any other finding."""
    table = anatomy_table()
    if finding not in table.lung_findings:
        return None
    return anatomy.pleura if finding in table.pleural_findings else anatomy.lungs


def _upper_home(finding: str, anatomy: PictureAnatomy) -> npt.NDArray[np.float32] | None:
    """Return a home as `home_of` does, with the upper half of the recess alone."""
    return home_of(finding, replace(anatomy, pleura=anatomy.upper_pleura))


def cells_of_home(
    findings: Iterable[str], recipient: PictureAnatomy, donor: PictureAnatomy, movement: Movement
) -> Mask:
    """Mark the cells of which half may be pasted over for all of some findings; all cells for one that lies anywhere.

    Half is home in the recipient, and half in the donor as it is brought there: where the two disagree, one of them was
    registered badly, and what comes is heart, diaphragm or stomach. Of the recess behind the diaphragm home is the
    upper half: fluid lies deeper too, but so does the abdomen.
    """
    mask = np.ones(recipient.lungs.shape, dtype=np.bool_)
    for finding in findings:
        own, given = (_upper_home(finding, anatomy) for anatomy in (recipient, donor))
        if own is not None and given is not None:
            mask &= (own >= 0.5) & (movement.move_values(given) >= 0.5)
    return mask


def cells_to_clear(
    finding: str, recipient: PictureAnatomy, donor: PictureAnatomy, movement: Movement
) -> Mask:
    """Mark the cells where the recipient's finding may be pasted over, to leave; all for one that lies anywhere.

    What comes there is lung of the donor, not its recess: an abdomen in the place of fluid looks like fluid.
    """
    own = _upper_home(finding, recipient)
    if own is None:
        return np.ones(recipient.lungs.shape, dtype=np.bool_)
    return np.asarray((own >= 0.5) & (movement.move_values(donor.lungs) >= 0.5), dtype=np.bool_)
