"""What a plan decides beside its pairs: what the evidence gate is calibrated on, and what became of targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NullPicture:
    """A picture without a finding, to be asked for it: what the evidence gate takes for chance.

    Attributes:
        split: Calibrates pairs of this split only.
        finding: Lexicon id of what the study is label-negative for.
        sentence: A sentence of the plan about that finding, white space folded.
    """

    split: str
    finding: str
    study_id: str
    image_id: str
    image_path: str
    sentence: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What an evidence gate promises of one finding: how seldom it keeps a picture that lacks it.

    Attributes:
        nulls: Pictures without the finding that were compared.
        reaching: How many of them may reach a peak that is kept; -1: too few were there, and nothing is kept.
        alpha: Share of pictures without the finding that is kept at most.
        confidence: Share of calibrations, in [0, 1], for which that holds; 0 where nothing is kept.
        wanted: The confidence that was asked for.
        least: Pictures without the finding with which something is kept; 0 where an earlier version did not say.
    """

    nulls: int
    reaching: int
    alpha: float
    confidence: float
    wanted: float
    least: int = 0

    @property
    def refused(self) -> bool:
        """Say whether there are too few nulls to keep anything."""
        return self.reaching < 0

    @property
    def whole(self) -> bool:
        """Say whether the promise is the one that was asked for."""
        return not self.refused and self.confidence >= self.wanted


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """What became of one cell.

    Attributes:
        target: The target as it would be typed alone.
        have: Studies of the cell among the originals.
        wanted: How many there were to be, originals and mixes together.
        planned: Pairs that lie in the cell, whichever cell they were planned for, spare ones among them.
        hosts: Studies that could receive for it before any was tried (likewise donors: that could give).
        short: Why fewer were planned than were missing, "" where they were not.
        refused: Why matches for it were refused, counted.
    """

    target: str
    split: str
    have: int
    wanted: int
    planned: int
    hosts: int
    donors: int
    short: str = ""
    refused: Mapping[str, int] = field(default_factory=dict)

    @property
    def cell(self) -> str:
        """Name of the cell, as pairs have it."""
        return f"{self.split}/{self.target}"

    @property
    def missing(self) -> int:
        """Pairs that the cell still lacks."""
        return max(0, self.wanted - self.have - self.planned)
