"""What planning makes: the pairs, and what became of every study."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from medcutmix_cli.pairing.packing import PackedPairs
from medcutmix_cli.records import Drop, Guarantee, NullPicture, TargetOutcome
from medcutmix_cli.run.shape import SetShape


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The pairs, and what became of every study.

    Attributes:
        pairs: In the order of the shards; each is opened when it is asked for.
        inputs: Studies the data set named.
        dropped: Every study that is the recipient of no pair.
        refused: Candidates that were tried and refused, by reason.
        images_dropped: Pictures left out of studies that went on, by reason.
        pairs_missing: Pairs asked for that were not found, of studies that are recipients of some; of a targeted plan,
            pairs that cells still lack.
        texts: Sums of what was read (see `PackedReports`).
        nulls: What the evidence gate is calibrated on; empty without a gate.
        negatives: Label-negative studies there are for each finding, summed over splits.
        pairs_by_finding: Pairs by what comes in; rows in which nothing is mixed are none.
        pairs_by_pairing: The same by who paired them.
        reserve: Pairs that were found and are not planned, by reason.
        shape: Originals against rows.
        guarantees: "split/finding" -> what the gate promises of a finding that it judges, or would have to if its
            null pictures were not too few; empty without a gate.
        targets: What became of each cell of a targeted plan.
        never_denied: Observations that some study asserts and none denies, in CheXpert order.
        reserved: Pairs that replace those which rendering rejects, the first to be taken first.
        duplicates: Pictures that were compared, and studies that have a near-duplicate; empty where nobody asked.
        warnings: What is to be told of the lists and tables that a user gave.
    """

    pairs: PackedPairs
    inputs: int
    dropped: tuple[Drop, ...]
    refused: dict[str, int]
    images_dropped: dict[str, int]
    pairs_missing: int
    texts: dict[str, int]
    nulls: tuple[NullPicture, ...] = ()
    negatives: dict[str, int] = field(default_factory=dict)
    pairs_by_finding: dict[str, int] = field(default_factory=dict)
    pairs_by_pairing: dict[str, int] = field(default_factory=dict)
    reserve: dict[str, int] = field(default_factory=dict)
    shape: SetShape | None = None
    guarantees: dict[str, Guarantee] = field(default_factory=dict)
    targets: tuple[TargetOutcome, ...] = ()
    never_denied: tuple[str, ...] = ()
    reserved: PackedPairs = field(default_factory=PackedPairs)
    duplicates: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def goals(self) -> dict[str, int]:
        """Return how many pairs each cell of a target is to have once all is rendered."""
        return {outcome.cell: outcome.wanted - outcome.have for outcome in self.targets}

    def counts(self) -> dict[str, Any]:
        """Return what run.json says of planning: plain values, without pairs and pictures."""
        dropped: dict[str, int] = {}
        for drop in sorted(self.dropped, key=lambda d: d.reason):
            dropped[drop.reason] = dropped.get(drop.reason, 0) + 1
        planned = self.inputs - len(self.dropped)
        return {
            "studies": {"inputs": self.inputs, "planned": planned, "dropped": len(self.dropped)},
            "dropped": dropped,
            "refused": self.refused,
            "images_dropped": self.images_dropped,
            "pairs_missing": self.pairs_missing,
            "texts": self.texts,
            "negatives": self.negatives,
            "null_pictures": len(self.nulls),
            "pairs_by_finding": self.pairs_by_finding,
            "pairs_by_pairing": self.pairs_by_pairing,
            "reserve": self.reserve,
            "shape": asdict(self.shape) if self.shape else {},
            "targets": [asdict(outcome) for outcome in self.targets],
            "guarantees": {key: asdict(guarantee) for key, guarantee in self.guarantees.items()},
            "never_denied": list(self.never_denied),
            "reserved": len(self.reserved),
            "goals": self.goals(),
            "duplicates": self.duplicates,
            "warnings": list(self.warnings),
        }
