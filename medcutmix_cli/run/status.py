"""The sums of a run: inputs = planned + dropped, planned = written + rejected + failed.

Reads only the small files of a run folder, never a shard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from medcutmix_cli.configuration.resolution import check_type
from medcutmix_cli.configuration.settings import SETTINGS
from medcutmix_cli.records import Guarantee, TargetOutcome
from medcutmix_cli.run.bounds import Bounds, find_bounds
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.guarantees import read_guarantees
from medcutmix_cli.run.refill import RefillPass, read_refills
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.run.shape import SetShape, to_shape
from medcutmix_cli.run.shard_state import ShardState, read_attempts, read_complete
from medcutmix_cli.system.readable import Readable, count_line


@dataclass(frozen=True, slots=True, repr=False)
class RunStatus(Readable):
    """How far a run is, and what became of everything.

    Attributes:
        shards: Number of shards in the plan.
        complete: Numbers of the complete shards (likewise missing: those still to render).
        studies: Planning counts: "inputs", "planned", "dropped".
        dropped: Studies left out, by reason.
        images_dropped: Pictures left out of studies that went on, by reason.
        refused: Candidate pairs that planning tried and refused, by reason.
        pairs_missing: Pairs asked for (pairs_per_study) for which no donor was found.
        planned: Pairs in the plan.
        written: Rows of the complete shards.
        unmixed: How many of them are studies as they are.
        rejected: Pairs refused by a rule while rendering, by reason (likewise failed: by "stage:reason").
        waiting: Planned pairs in shards that are not complete.
        bytes: Size of the complete shards.
        seconds: Rendering time of the complete shards, summed.
        max_fail_frac: Share of planned pairs that may fail.
        begun: Shards that were begun and are not complete, with how often: one that is under way, or was interrupted,
            or ends whoever renders it.
        notes: What rendering noted, by name, counted ("sentence-truncated", "batch-halved").
        with_failures: Numbers of the complete shards in which pairs failed.
        gate: Registered name of the evidence gate; "" where an earlier version made the plan.
        guarantees: "split/finding" -> what the gate promises of it; a finding of which it keeps nothing is not mixed.
        reserve: Pairs that were found and are not planned, by reason.
        shape: Originals against rows: those planned (see `planning.written_shape` for those written); None where an
            earlier version made the plan.
        targets: What planning made of each cell of a targeted plan.
        reserved: Pairs that the plan holds in reserve for those that rendering rejects.
        refills: What each refill decided, in order.
        bounds: How busy encoder and workers were, and what would help; None where no complete shard was timed.
        warnings: What planning told of the lists and tables that a user gave.
        chosen: Option -> values of the run's settings that are names: no hint advises what is so already.
    """

    fingerprint: str
    synthetic: bool
    encoder: dict[str, Any]
    shards: int
    complete: tuple[int, ...]
    missing: tuple[int, ...]
    studies: dict[str, int]
    dropped: dict[str, int]
    images_dropped: dict[str, int]
    refused: dict[str, int]
    pairs_missing: int
    planned: int
    written: int
    rejected: dict[str, int]
    failed: dict[str, int]
    waiting: int
    bytes: int
    seconds: float
    max_fail_frac: float
    begun: dict[int, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    with_failures: tuple[int, ...] = ()
    gate: str = ""
    guarantees: dict[str, Guarantee] = field(default_factory=dict)
    reserve: dict[str, int] = field(default_factory=dict)
    shape: SetShape | None = None
    targets: tuple[TargetOutcome, ...] = ()
    reserved: int = 0
    refills: tuple[RefillPass, ...] = ()
    bounds: Bounds | None = None
    unmixed: int = 0
    warnings: tuple[str, ...] = ()
    chosen: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def facts(self) -> dict[str, str]:
        """Return the sums in words, with every reason of what was left out."""
        studies = self.studies
        rejected, failed = sum(self.rejected.values()), sum(self.failed.values())
        waiting = f", {self.waiting:,} to render" if self.waiting else ""
        unmixed = f" ({self.unmixed:,} of them studies as they are)" if self.unmixed else ""
        return {
            "studies": f"{studies['inputs']:,} in, {studies['planned']:,} planned, {studies['dropped']:,} left out",
            "pairs": f"{self.planned:,} planned, {self.written:,} written{unmixed}, {rejected:,} rejected, "
            f"{failed:,} failed{waiting}",
            "shards": f"{len(self.complete):,} of {self.shards:,} complete",
            "left out": count_line(self.dropped),
            "rejected": count_line(self.rejected),
            "failed": count_line(self.failed),
        }

    @property
    def mixed(self) -> int:
        """Written rows in which something is mixed."""
        return self.written - self.unmixed

    @property
    def refill_due(self) -> bool:
        """Say whether all is rendered and nobody has looked yet what the reserve can replace."""
        looked = bool(self.refills) and not self.refills[-1].shards
        return self.reserved > 0 and not self.missing and not looked

    def to_render(self, *, retry_failed: bool = False) -> tuple[int, ...]:
        """Return the shards that are not complete and, with `retry_failed`, those in which pairs failed."""
        return tuple(sorted((*self.missing, *self.with_failures))) if retry_failed else self.missing

    @property
    def fail_fraction(self) -> float:
        """Failed pairs per planned pair of the complete shards; 0 where there is none."""
        ended = self.planned - self.waiting
        return sum(self.failed.values()) / ended if ended else 0.0

    @property
    def too_many_failures(self) -> bool:
        """Say whether more pairs failed than `--max-fail-frac` allows, so far."""
        return self.fail_fraction > self.max_fail_frac

    @property
    def finished_with_failures(self) -> bool:
        """Say whether all is rendered, with too many failures: what is still to come may bring the share down."""
        return self.too_many_failures and not self.missing

    @property
    def has_no_pair(self) -> bool:
        """Say whether no pair was planned, or all is rendered and none was written."""
        return not self.planned or not (self.missing or self.written or self.refill_due)

    @property
    def has_no_mix(self) -> bool:
        """Say whether all is rendered and every mix was rejected, so that only studies as they are remain.

        Where nothing was to be mixed (the baseline `identity`), nothing is rejected either.
        """
        done = not (self.missing or self.refill_due)
        return done and self.written > 0 and not self.mixed and sum(self.rejected.values()) > 0

    @property
    def balanced(self) -> bool:
        """Check both sums."""
        ended = self.written + sum(self.rejected.values()) + sum(self.failed.values())
        studies = self.studies["inputs"] == self.studies["planned"] + sum(self.dropped.values())
        return studies and self.planned == ended + self.waiting


def run_status(folder: RunFolder) -> RunStatus:
    """Add up a run.

    Raises:
        RunError: There is no run, or one of its small files cannot be read.
    """
    record = read_run(folder)
    return add_up(folder, record, read_states(folder, record))


def read_states(folder: RunFolder, record: RunRecord) -> list[ShardState | None]:
    """Return the state of each shard of a run, None where it is not complete.

    Raises:
        RunError: A state file cannot be read.
    """
    return [read_complete(folder, shard) for shard in range(len(record.shards))]


def add_up(folder: RunFolder, record: RunRecord, states: Sequence[ShardState | None]) -> RunStatus:
    """Add up a run of which run.json and the states of all shards are read already.

    Raises:
        RunError: What the gate promised cannot be read.
    """
    begun = {
        shard: read_attempts(folder, shard)
        for shard, state in enumerate(states)
        if state is None and folder.attempts_file(shard).is_file()
    }
    complete = [state for state in states if state is not None]
    return _add_up(record, complete, begun, read_guarantees(folder, record))


def _add_up(
    record: RunRecord, states: list[ShardState], begun: dict[int, int], guarantees: dict[str, Guarantee]
) -> RunStatus:
    complete = tuple(state.shard for state in states)
    missing = tuple(sorted(set(range(len(record.shards))) - set(complete)))
    return RunStatus(
        fingerprint=record.fingerprint,
        synthetic=record.synthetic,
        encoder=record.encoder,
        shards=len(record.shards),
        complete=complete,
        missing=missing,
        with_failures=tuple(state.shard for state in states if state.failed),
        studies=record.counts["studies"],
        dropped=record.counts["dropped"],
        images_dropped=record.counts["images_dropped"],
        refused=record.counts["refused"],
        pairs_missing=record.counts["pairs_missing"],
        planned=sum(record.shards),
        written=sum(state.written for state in states),
        unmixed=sum(state.unmixed for state in states),
        rejected=_merge([state.rejected for state in states]),
        failed=_merge([state.failed for state in states]),
        waiting=sum(record.shards[shard] for shard in missing),
        bytes=sum(state.bytes for state in states),
        seconds=round(sum(state.seconds for state in states), 3),
        max_fail_frac=record.settings["run"]["max_fail_frac"],
        begun=begun,
        notes=_merge([state.notes for state in states]),
        gate=record.settings["mixing"]["gate"] if "guarantees" in record.counts else "",
        guarantees=guarantees,
        reserve=record.counts.get("reserve", {}),
        shape=to_shape(record.counts.get("shape")),
        targets=tuple(TargetOutcome(**outcome) for outcome in record.counts.get("targets", ())),
        reserved=record.counts.get("reserved", 0),
        refills=read_refills(record),
        bounds=find_bounds(states),
        warnings=tuple(record.counts.get("warnings", ())),
        chosen=_chosen(record),
    )


def _chosen(record: RunRecord) -> dict[str, tuple[str, ...]]:
    named = (
        one for one in SETTINGS.values() if one.declared.keyword and isinstance(one.default, str | tuple)
    )
    values = {
        one.flag: record.settings.get(one.table, {}).get(one.name, "")
        for one in named
        if not one.declared.path
    }
    return {flag: check_type(flag, value, ()) for flag, value in values.items() if value}


def _merge(counts: list[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items()))
