"""One pair as it is looked at: the records that terminal and gallery draw. Reads nothing, prints nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medcutmix_cli.mixing.movement import Movement
from medcutmix_cli.mixing.shifts import cells_of
from medcutmix_cli.records import Warp
from medcutmix_cli.run.shards import AS_IT_IS, gives_nothing, is_unmixed
from medcutmix_cli.system.readable import Readable

IMAGE_WORDS = {
    "attended": "picture mixed where the maps say",
    "soft": "picture mixed softly",
    "keep": "recipient's picture kept",
    "box": "picture mixed in a random box",
    "average": "pictures averaged everywhere",
}
"""Each of `records.IMAGE_MODES` in a few words."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the recipient's and the mixed report: change is "same", "removed" or "inserted"."""

    change: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentenceSwap:
    """One sentence for another, white space folded; "" where nothing leaves or nothing enters.

    Attributes:
        source_start: Where `inserted` stands in the donor's report; -1 where nothing enters.
        source_end: End offset, exclusive.
    """

    section: str
    removed: str = field(repr=False)
    inserted: str = field(repr=False)
    source_start: int
    source_end: int


@dataclass(frozen=True, slots=True)
class EntityView:
    """One finding named in the mixed report: `report[start:end]`, code points."""

    start: int
    end: int
    finding: str
    assertion: str
    side: str
    section: str


@dataclass(frozen=True, slots=True, repr=False)
class ParentView(Readable):
    """One parent of a pair, as its row says.

    Attributes:
        sentence: What its map was asked for; "" where nothing of it leaves or comes: then its map says nothing.
        map: Raw scores, row by row, NaN outside the encoder's field of view.
        mask: Row by row, 1 = evidence.
        labels: One value per CheXpert observation, NaN not said.
        placement: `Placement` as a dict.
        ground_p: How often the map of a picture without the finding peaks as high; None without a gate.
        prompted: Whether its report was made from labels.
    """

    study_id: str
    subject_id: str
    image_id: str
    image_path: str
    view: str
    side: str
    report: str = field(repr=False)
    sentence: str = field(repr=False)
    labels: tuple[float, ...] = field(repr=False)
    map: tuple[float, ...] = field(repr=False)
    mask: tuple[int, ...] = field(repr=False)
    placement: dict[str, int] = field(repr=False)
    ground_p: float | None = None
    prompted: bool = False

    def facts(self) -> dict[str, str]:
        """Return who it is, and its evidence."""
        evidence = "" if self.ground_p is None else f"{self.ground_p:.3f}"
        who = {"study": self.study_id, "patient": self.subject_id, "picture": self.image_id}
        return {**who, "view": self.view, "side": self.side, "ground_p": evidence}

    @property
    def asked(self) -> bool:
        """Say whether its map counts: a sentence of it leaves or comes."""
        return bool(self.sentence)


@dataclass(frozen=True, slots=True, repr=False)
class PairView(Readable):
    """One row, arranged for looking at.

    Attributes:
        shard: File name of its shard.
        index: Position among all rows of the path, from 0.
        grid: (grid_h, grid_w) of maps and masks.
        mask: The pasted region, row by row.
        donor_weights: Weight of the donor on the grid, row by row, in [0, 1].
        finding: What came in, "" where nothing did (likewise finding_a: what left).
        image_mode: How the pictures were mixed, one of `records.IMAGE_MODES`.
        shift: (down, right): canvas pixels that the donor was moved before it was pasted.
        warp: How the donor's thorax was brought onto the recipient's; None where it was left as it lay.
        align_quality: How well the two then agree, in [-1, 1]; None where it was left.
        weights: Each weight of `WEIGHTS`: the recipient's share.
        diff: The recipient's report turned into the mixed one.
        entities: The findings that the mixed report names, in its order.
        faults: Rules of the critic (`reports.critic`) that the mixed report breaks.
        picture: The mixed picture as it is stored: PNG, JPEG or WebP; None where it was not asked for.
    """

    pair_id: str
    shard: str
    index: int
    finding: str
    finding_a: str
    split: str
    strategy: str
    image_mode: str
    impression_consistent: bool
    shift: tuple[int, int]
    recipient: ParentView
    donor: ParentView
    swaps: tuple[SentenceSwap, ...]
    weights: dict[str, float]
    grid: tuple[int, int]
    mask: tuple[int, ...] = field(repr=False)
    donor_weights: tuple[float, ...] = field(repr=False)
    report: str = field(repr=False)
    diff: tuple[Piece, ...] = field(repr=False)
    entities: tuple[EntityView, ...] = field(repr=False)
    label_order: tuple[str, ...] = field(repr=False)
    label_mixed: tuple[float, ...] = field(repr=False)
    label_w: tuple[float, ...] = field(repr=False)
    label_states: tuple[str, ...] = field(repr=False)
    picture: bytes | None = field(repr=False, default=None)
    warp: Warp | None = field(repr=False, default=None)
    align_quality: float | None = None
    faults: tuple[str, ...] = ()

    def facts(self) -> dict[str, str]:
        """Return what was exchanged, between whom and with which weights; no report."""
        recipient, donor = (f"{one.study_id} of {one.subject_id}" for one in (self.recipient, self.donor))
        return {
            "pair": f"{self.pair_id}, {self.split}, {self.strategy}",
            "exchange": self.exchange,
            "recipient": recipient,
            "donor": "" if self.unmixed else donor,
            "brought": ", ".join(self.brought),
            "weights": ", ".join(f"{name} {share:.3f}" for name, share in self.weights.items()),
            "noted": ", ".join(self.badges),
        }

    @property
    def movement(self) -> Movement:
        """How the donor's grids come to the recipient's frame."""
        canvas = self.recipient.placement["canvas"]
        return Movement(self.warp, cells_of(*self.shift, canvas, self.grid), *self.shift)

    @property
    def brought(self) -> tuple[str, ...]:
        """Say how the donor was brought to the recipient; nothing where it stayed as it lay."""
        aligned = (
            () if self.warp is None else (f"thorax aligned ({align_words(self.warp, self.align_quality)})",)
        )
        return (*aligned, *((f"moved {shift_words(self.shift)}",) if any(self.shift) else ()))

    @property
    def exchange(self) -> str:
        """Say which finding left and which came: one id where they are the same."""
        return AS_IT_IS if self.unmixed else exchange_words(self.finding_a, self.finding)

    @property
    def label_vectors(self) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
        """What recipient, donor and mix say, in `label_order`; NaN of a donor that gives nothing."""
        donor = (math.nan,) * len(self.label_order) if self.unmixed else self.donor.labels
        return self.recipient.labels, donor, self.label_mixed

    @property
    def unmixed(self) -> bool:
        """Whether it is a study as it is, to which its donor gives nothing."""
        return gives_nothing(self)

    @property
    def edited(self) -> str:
        """Say in one sentence what was done to the recipient's report."""
        if any(swap.removed and swap.inserted for swap in self.swaps):
            return "With the donor's sentence in place of the recipient's."
        gone = any(swap.removed for swap in self.swaps)
        come = any(swap.inserted for swap in self.swaps)
        if gone and come:
            return "With the donor's sentence put in, and what speaks against it taken out."
        if gone or come:
            return "With the donor's text put in." if come else "With the recipient's sentence taken out."
        return "With the recipient's report as it was."

    @property
    def badges(self) -> tuple[str, ...]:
        """Name what is unusual about this pair and must not be overlooked."""
        said = {
            "impression not consistent": not self.impression_consistent,
            "recipient's report made from labels": self.recipient.prompted,
            "donor's report made from labels": self.donor.prompted,
            IMAGE_WORDS.get(self.image_mode, self.image_mode): self.image_mode != "attended",
        }
        critic = tuple(f"critic: {rule.replace('-', ' ')}" for rule in self.faults)
        return (*critic, *(words for words, holds in said.items() if holds))


def row_words(row: Mapping[str, Any]) -> str:
    """Say the same of a row."""
    return AS_IT_IS if is_unmixed(row) else exchange_words(row["finding_a"], row["finding"])


def exchange_words(left: str, came: str) -> str:
    """Say which finding left and which came: one id where they are the same."""
    if came and left:
        return came if came == left else f"{left} -> {came}"
    if came or left:
        return f"{came} put in" if came else f"{left} taken out"
    return "no finding exchanged"


def align_words(warp: Warp, quality: float | None) -> str:
    """Say what an alignment does to the donor: "correlation 0.83, scaled 1.12 x 0.97"."""
    across, down = (1 / max(1e-6, float(np.hypot(*warp.affine[:, axis]))) for axis in (0, 1))
    agreed = "" if quality is None else f"correlation {quality:.2f}, "
    return f"{agreed}scaled {across:.2f} x {down:.2f}"


def shift_words(shift: tuple[int, int]) -> str:
    """Say how far the donor was moved, (down, right) in canvas pixels: "12 px up, 5 px to the right"."""
    down, right = shift
    vertical = f"{abs(down)} px {'down' if down > 0 else 'up'}"
    sideways = f"{abs(right)} px to the {'right' if right > 0 else 'left'}"
    return ", ".join(said for said, by in ((vertical, down), (sideways, right)) if by)
