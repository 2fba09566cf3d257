"""What one mixed pair scores against the anatomy of its parents: pure functions of masks on one canvas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from medcutmix_cli.evaluation.anatomy import Anatomy
from medcutmix_cli.evaluation.lung_sides import LungPair, split_lungs
from medcutmix_cli.evaluation.mix_geometry import Mask, PastedPair, bring
from medcutmix_cli.evaluation.stated_place import StatedPlace
from medcutmix_cli.records import Side

DEVICES = "support_devices"
_IN_BOTH = 0.2  # share of the pasted lung that lies in either one, for a finding on both sides


@dataclass(frozen=True, slots=True)
class ShareOf:
    """A share and what it is a share of (pixels), so that pairs can be averaged or pooled."""

    value: float
    pixels: float = 1.0


Measures = Mapping[str, ShareOf]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Which findings change hands, with the side each report gives them; "" where none does."""

    came: str
    came_side: str
    left: str
    left_side: str


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """One pair with the anatomy of both parents.

    Attributes:
        recipient: In the canvas's frame.
        donor: In the donor's own frame.
        place: What the sentence that came says of where the finding is.
    """

    pair: PastedPair
    recipient: Anatomy
    donor: Anatomy
    place: StatedPlace
    exchange: Exchange
    counted: Mask = field(repr=False)

    def bring_tissue(self, tissue: str) -> Mask:
        """Return a tissue of the donor on the recipient's canvas."""
        return bring(self.donor.tissues[tissue], self.pair.cut)


def judge(
    pair: PastedPair, recipient: Anatomy, donor: Anatomy, place: StatedPlace, exchange: Exchange
) -> Measures:
    """Return all that can be measured of a pair, by name; what cannot is not there."""
    counted = ~(recipient.unknown | bring(donor.unknown, pair.cut))
    judged = JudgedPair(pair, recipient, donor, place, exchange, counted)
    found = [*_lungs(judged), *_tissues(judged), *_places(judged), *_lesions(judged)]
    return {name: share for name, share in found if share is not None}


Measured = Iterator[tuple[str, ShareOf | None]]


def _lungs(judged: JudgedPair) -> Measured:
    """Yield how far the lungs lie upon each other, over the canvas and under the paste."""
    own, given = (
        judged.recipient.tissues["lung"] & judged.counted,
        judged.bring_tissue("lung") & judged.counted,
    )
    pasted = judged.pair.region & judged.counted
    yield "dice", _share(2.0 * (own & given).sum(), float(own.sum() + given.sum()))
    yield "region-in-lung", _covered(pasted, own)
    yield "lung-on-lung", _covered(pasted & own, given)


def _tissues(judged: JudgedPair) -> Measured:
    """Yield the share of each of the recipient's tissues under the paste where the donor has something else."""
    pasted = judged.pair.region & judged.counted
    for name, own in judged.recipient.tissues.items():
        yield f"{name}-overwritten", _covered(pasted & own, ~judged.bring_tissue(name))


def _places(judged: JudgedPair) -> Measured:
    """Yield whether what came is on the side and in the zone of the recipient's lungs that the report says.

    What came is the donor's evidence as it was pasted: the recipient's own, which left, may have been elsewhere.
    """
    lungs = split_lungs(judged.recipient.tissues["lung"])
    if lungs is None:
        return
    came = judged.pair.region & bring(judged.pair.evidence("b"), judged.pair.cut)
    region = came if came.any() else judged.pair.region
    side = judged.place.side
    if side is not Side.NONE:
        yield "side-agreement", ShareOf(float(_on_side(lungs, region, side)))
    if judged.place.zones and side is not Side.BILATERAL:
        found = lungs.zone_of(region, lungs.side_of(region) if side is Side.NONE else side)
        yield "zone-agreement", ShareOf(float(found in judged.place.zones))


def _on_side(lungs: LungPair, region: Mask, side: Side) -> bool:
    if side is not Side.BILATERAL:
        return lungs.side_of(region) is side
    parts = [(region & lung).sum() for lung in (lungs.right, lungs.left)]
    return bool(min(parts) >= _IN_BOTH * max(1, sum(parts)))


def _lesions(judged: JudgedPair) -> Measured:
    """Yield what became of the true lesions; nothing where nobody knows them."""
    pair, exchange = judged.pair, judged.exchange
    given = _lesion(judged.donor, exchange.came, exchange.came_side)
    own = _lesion(judged.recipient, exchange.left, exchange.left_side)
    brought = None if given is None else bring(given, pair.cut)
    if given is not None and brought is not None:
        yield "donor-mask-iou", _iou(pair.evidence("b"), given)
        yield "donor-lesion-inside", _covered(brought, pair.region) or ShareOf(0.0)
    if own is not None:
        yield "recipient-mask-iou", _iou(pair.evidence("a"), own)
        yield "recipient-lesion-gone", _covered(own, pair.region)
    if brought is not None:
        yield "region-iou", _iou(pair.region, brought if own is None else own | brought)
    device = _lesion(judged.recipient, DEVICES, "")
    if device is not None and exchange.came != DEVICES:
        yield "device-covered", _covered(device, pair.region)


def _lesion(anatomy: Anatomy, finding: str, side: str) -> Mask | None:
    """Return where a finding truly is: on the side that is said, where there is one there; None where there is none."""
    own = [lesion for lesion in anatomy.lesions if finding and lesion.finding == finding]
    shown = [lesion.mask for lesion in own if lesion.side == side] or [lesion.mask for lesion in own]
    union = np.logical_or.reduce(shown) if shown else np.zeros(0, np.bool_)
    return np.asarray(union) if union.any() else None


def _covered(whole: Mask, part: Mask) -> ShareOf | None:
    """Return the share of `whole` that `part` covers, None where `whole` is empty."""
    return _share(float((whole & part).sum()), float(whole.sum()))


def _iou(one: Mask, other: Mask) -> ShareOf | None:
    return _share(float((one & other).sum()), float((one | other).sum()))


def _share(part: float, whole: float) -> ShareOf | None:
    return ShareOf(part / whole, whole) if whole else None
