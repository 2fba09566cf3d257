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
from medcutmix_cli.records import MapTarget, Placement, ThoraxPlacement
from medcutmix_cli.registration.anatomy import PictureAnatomy
from medcutmix_cli.sides import Half, image_half

_MIDLINE = 2.0  # thumbnail pixels either side of it are of both sides: a heart's apex, a turned patient
_IN_LUNG = 0.5  # least share of a mask of the lung that lies in one


@dataclass(frozen=True, slots=True)
class AnatomyTable:
    """The data of `anatomy.toml`.

    Attributes:
        lung_findings: Lexicon ids of what lies in a lung or on its edge.
        pleural_findings: Those of them that lie behind the diaphragm as well.
        zones: Location word -> (lowest, highest) height of a mask's middle; 0 is the apex, 1 the base.
    """

    lung_findings: frozenset[str]
    pleural_findings: frozenset[str]
    zones: dict[str, tuple[float, float]]


@cache
def anatomy_table() -> AnatomyTable:
    """Return the packaged data."""
    plain = tomllib.loads(Path(__file__).with_name("anatomy.toml").read_text(encoding="utf-8"))
    zones = {name: (float(low), float(high)) for name, (low, high) in plain["zones"].items()}
    return AnatomyTable(frozenset(plain["lung_findings"]), frozenset(plain["pleural_findings"]), zones)


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
    return (
        region if region.rejected else replace(region, rejected=broken_anatomy(region.mask, target, anatomy))
    )


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
        "mask-wrong-zone": its middle lies above or below the zone that the sentence names.
    """
    if _on_other_side(mask, target, anatomy):
        return "mask-wrong-side"
    home = home_of(target.finding, anatomy)
    if home is not None and float(home[mask].mean()) < _IN_LUNG:
        return "mask-outside-lungs"
    low, high = anatomy_table().zones.get(target.location, (-np.inf, np.inf))
    return "" if low <= float(np.median(anatomy.height[mask])) <= high else "mask-wrong-zone"


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


def cells_of_home(findings: Iterable[str], anatomy: PictureAnatomy) -> Mask:
    """Mark the cells at least half of which can hold all of some findings; all cells where one lies anywhere."""
    mask = np.ones(anatomy.lungs.shape, dtype=np.bool_)
    for finding in findings:
        home = home_of(finding, anatomy)
        mask &= home is None or home >= 0.5
    return mask
