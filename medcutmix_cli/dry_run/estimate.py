"""What is said of a run before it is made: pairs and drops, space, time. Records only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from medcutmix_cli.dry_run.probe import Probe
from medcutmix_cli.records import TargetOutcome
from medcutmix_cli.run.shape import SetShape


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """What was planned, and what was left out.

    Attributes:
        studies: "inputs", "planned", "dropped".
        dropped: Studies left out, by reason.
        images_dropped: Pictures left out of studies that went on, by reason.
        refused: Candidate pairs that were tried and refused, by reason.
        pairs_missing: Pairs asked for (pairs_per_study) for which no donor was found.
        pairs: In the plan.
        pairs_by_finding: Finding given -> pairs.
        pairs_by_pairing: Pairing -> pairs.
        shards: That the pairs are cut into.
        bytes: Size of the plan and what belongs to it, on disk.
        seconds: Wall time of planning; None where the plan lay in the run folder already.
        reserve: Pairs that were found and are not planned, by reason.
        shape: Originals against planned rows; None where an earlier version made the plan.
        targets: What became of each cell of a targeted plan.
        warnings: What is to be told of the lists and tables that a user gave.
    """

    studies: dict[str, int]
    dropped: dict[str, int]
    images_dropped: dict[str, int]
    refused: dict[str, int]
    pairs_missing: int
    pairs: int
    pairs_by_finding: dict[str, int]
    shards: int
    bytes: int
    seconds: float | None
    reserve: dict[str, int] = field(default_factory=dict)
    shape: SetShape | None = None
    targets: tuple[TargetOutcome, ...] = ()
    warnings: tuple[str, ...] = ()
    pairs_by_pairing: dict[str, int] = field(default_factory=dict)

    @property
    def unmixed(self) -> int:
        """How many of the pairs are studies as they are."""
        return self.shape.kept if self.shape else 0


@dataclass(frozen=True, slots=True)
class Space:
    """Whether the disk holds it.

    Attributes:
        to_write: Bytes that would be added: the plan unless it lies there already, and the shards; None without a
            probe.
        free: Bytes that this user may still write; quotas are not seen.
        at: The folder that was asked: the nearest one to the run that is there.
        fits: Whether there is room; None without a probe.
    """

    to_write: int | None
    free: int
    at: str
    fits: bool | None


@dataclass(frozen=True, slots=True)
class Duration:
    """How long it would take.

    Attributes:
        at_once: Shards rendered at the same time: by tasks of an array, actors of a cluster.
        shards: The most that one of them renders.
        seconds: Start-up and rendering, until the last one ends; waiting in a queue is not in it.
    """

    at_once: int
    shards: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the probe says of the rest.

    Attributes:
        pairs_to_write: Of the pairs to do, at the probe's share of written ones.
        pictures: That are decoded and encoded, each once a shard.
        start_seconds: Before the first pair: see `Probe`.
        render_seconds: All pairs, one shard after the other.
        here: How long this engine would take.
        array: How long the tasks of an array would take, each on a machine like this one; empty for one task's
            share, and for engines other than `local`.
    """

    pairs_to_write: int
    pictures: int
    start_seconds: float
    render_seconds: float
    here: Duration
    array: tuple[Duration, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run, or the rest of one, would take.

    Attributes:
        out: Run folder that would be made or gone on with.
        plan: What was planned.
        task: Whose share this is (likewise num_tasks); 0 of 1 is everything.
        shards_to_do: Shards of the share that are still to be rendered (likewise pairs_to_do).
        probe: What some pairs took (likewise outlook); None where none was asked for, or nothing is to be done.
        space: Whether the disk holds it.
        engine: Registered name of what would render.
        workers: Threads it would have for one shard.
        peak_memory_bytes: The most this process has held, planning included; None where it did not render.
        encoder: `EncoderCard` as a dict.
        synthetic: Whether the data set is procedural, with no patient in it.
    """

    out: str
    plan: PlanFigures
    task: int
    num_tasks: int
    shards_to_do: int
    pairs_to_do: int
    probe: Probe | None
    outlook: Forecast | None
    space: Space
    engine: str
    workers: int
    peak_memory_bytes: int | None
    encoder: dict[str, Any]
    synthetic: bool

    @property
    def mixes_nothing(self) -> bool:
        """Say whether every mix of the plan was tried, and none was written: only studies as they are would remain."""
        if self.probe is None or not self.probe.rejected:
            return False
        every = self.probe.mixes_tried >= self.plan.pairs - self.plan.unmixed
        return every and self.probe.written == self.probe.unmixed
