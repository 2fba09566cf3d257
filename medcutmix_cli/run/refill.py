"""Replace what rendering rejected by pairs of the reserve, one pass after the other. Reads no report and no picture.

A pass is decided when every shard is complete, from the states of all of them and in the order of the plan: whoever
decides it, and whoever rendered what, decides the same. Its pairs are a further piece of the plan, and `run.json` comes
last and counts its shards. The last look, which finds nothing to take, is kept there as well: the run is then done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.errors import RunError
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import piece_of, shard_sizes
from medcutmix_cli.run.reserve_file import PairUse, read_uses, write_piece
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.run.seals import FileSeal, seal_json
from medcutmix_cli.run.shard_state import read_complete
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.counts import whole_share
from medcutmix_cli.system.storage_errors import explain_storage_errors

NO_RESERVE, RESERVE_EMPTY, RESERVE_UNFIT = "no-reserve", "reserve-empty", "reserve-unfit"
"""Why cells stay short: the plan has no reserve; all of it is used; what is left serves no cell that lacks a pair, or
would take a study more often than allowed."""


class IncompleteShardsError(RunError):
    """Not all that was planned is rendered; another process may just be at it."""


class RefilledElsewhereError(RunError):
    """Another process refilled the run since somebody looked: there are further shards to render."""


ALWAYS = 2
"""Rows of a finding that a donor may give whatever its share: of a rare finding nobody else may have any."""


def allowed_rows(share: float, rows: int) -> int:
    """Return how many of so many rows of a finding one donor may give."""
    return max(ALWAYS, whole_share(share, rows))


@dataclass(frozen=True, slots=True)
class RefillPass:
    """What one refill decided.

    Attributes:
        shards: How many were added; 0 is the last look.
        pairs: How many pairs of the reserve are planned by it.
        lacking: Cell -> pairs that it lacked; those that lacked none are left out.
        short: Of the last look, why cells stay short; "" where all are full.
        unmixed: How many of `pairs` are rows of studies as they are, which stand in for what was rejected.
    """

    shards: int
    pairs: int
    lacking: Mapping[str, int] = field(default_factory=dict)
    short: str = ""
    unmixed: int = 0


def read_refills(record: RunRecord) -> tuple[RefillPass, ...]:
    """Return what was decided, in order."""
    return tuple(RefillPass(**each) for each in record.refills)


def refills_rendered(record: RunRecord) -> int:
    """Return how many refills have shards."""
    return sum(each.shards > 0 for each in read_refills(record))


def refill_plan(folder: RunFolder, shards: int | None = None) -> RefillPass:
    """Decide the next refill and add its shards to the plan; nothing is written where nothing is new.

    A pair that failed stands: it can be rendered again. Interrupted, the same call decides the same.

    Args:
        folder: The run's.
        shards: How many there were when all of them were found complete; None where nobody looked.

    Raises:
        RefilledElsewhereError: Another process was here.
        IncompleteShardsError: A shard is not complete.
        RunError: Something cannot be read or written.
    """
    record = read_run(folder)
    if shards not in (None, len(record.shards)):
        raise _refilled_elsewhere(folder)
    if not record.counts.get("reserved"):
        return RefillPass(0, 0, short=NO_RESERVE)
    rejected = _rejected(folder, record)
    number = 1 + refills_rendered(record)
    planned = [pair for n in range(number) for pair in read_uses(piece_of(folder.plan_file, n))]
    known, reserve = {pair.pair_id for pair in planned}, read_uses(folder.reserve_file)
    cells = _Cells.of(record, planned, rejected)
    lacking = cells.lacking()
    left = [n for n, pair in enumerate(reserve) if pair.pair_id not in known]
    taken = [n for n in left if cells.take(reserve[n])]
    sizes = shard_sizes(len(taken), record.settings["run"]["shard_size"])
    mixes_left = any(not reserve[n].unmixed for n in left)
    short = "" if taken or not lacking else RESERVE_UNFIT if mixes_left else RESERVE_EMPTY
    unmixed = sum(reserve[n].unmixed for n in taken)
    decided = RefillPass(len(sizes), len(taken), lacking, short, unmixed)
    with explain_storage_errors(folder.root):
        if taken:
            write_piece(piece_of(folder.plan_file, number), folder.reserve_file, taken, max(sizes))
        _write_record(folder, record, _counted(record, planned, [reserve[n] for n in taken]), sizes, decided)
    return decided


def _rejected(folder: RunFolder, record: RunRecord) -> set[str]:
    """Return the ids of the pairs that rendering rejected.

    Raises:
        IncompleteShardsError: One is not known yet.
    """
    shards = range(len(record.shards))
    missing = sum(read_complete(folder, shard) is None for shard in shards)
    if missing:
        raise IncompleteShardsError(
            f"{missing} of {len(shards)} shards are not complete: what they reject is not known yet",
            where=str(folder.root),
            hint=f"medcutmix render {folder.root}",
        )
    outcomes = (outcome for shard in shards for outcome in read_outcomes(folder.failures_file(shard)))
    return {outcome.pair_id for outcome in outcomes if outcome.outcome == "rejected"}


@dataclass(slots=True)
class _Cells:
    """How full cells are, and how often studies are used, by the pairs that stand.

    Attributes:
        goals: Cell -> pairs that are to be in it.
        receives: How often a study may receive (likewise gives).
        share: Of the pairs of a cell that one donor may give.
        received: How often a study receives something (likewise given: gives).
        kept: How many rows of its own a study has, so that it is in the set; those that a target repeats are none.
        beside: Whether rows of their own lie beside the mixes, in place of none: those of a targeted plan.
    """

    goals: Mapping[str, int]
    receives: int
    gives: int
    share: float = 1.0
    have: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    beside: bool = False
    given: Counter[str] = field(default_factory=Counter)
    given_in: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, record: RunRecord, planned: Sequence[PairUse], rejected: Set[str]) -> _Cells:
        """Count the pairs that stand; without targets each finding is to have as many pairs as were planned first."""
        plan, first = from_plain(record.settings).plan, planned[: _first_pairs(record)]
        goals = record.counts["goals"] or Counter(cell for pair in first for cell in pair.cells)
        share = 1.0 if record.counts["goals"] else plan.max_donor_share
        cells = cls(goals, plan.rows_per_study, plan.gifts_per_study, share)
        for pair in planned:
            if pair.pair_id not in rejected:
                cells._count(pair)
        cells.beside = bool(record.counts["goals"])
        return cells

    def lacking(self) -> dict[str, int]:
        """Return how many pairs cells lack, full ones left out."""
        missing = {cell: goal - self.have[cell] for cell, goal in sorted(self.goals.items())}
        return {cell: count for cell, count in missing.items() if count > 0}

    def take(self, pair: PairUse) -> bool:
        """Count a pair in, if a cell lacks it and both studies may be used once more.

        A row of a study as it is stands in for any pair that was rejected: the study would have no row.
        """
        rows = self.received[pair.recipient] + self.kept[pair.recipient]
        if pair.unmixed and rows < self.receives:
            self._count(pair)
            return True
        serves = any(self.have[cell] < self.goals.get(cell, 0) for cell in pair.cells)
        against = self.received[pair.recipient] if self.beside else rows
        free = against < self.receives and self.given[pair.donor] < self.gives
        good = serves and free and all(self._may_give(pair.donor, cell) for cell in pair.cells)
        if good:
            self._count(pair)
        return good

    def _may_give(self, donor: str, cell: str) -> bool:
        most = allowed_rows(self.share, self.goals.get(cell, 0))
        return self.share >= 1 or self.given_in[donor, cell] < most

    def _count(self, pair: PairUse) -> None:
        self.have.update(pair.cells)
        if pair.unmixed:
            self.kept[pair.recipient] += not pair.repeats
            return
        self.received[pair.recipient] += 1
        self.given[pair.donor] += 1
        self.given_in.update((pair.donor, cell) for cell in pair.cells)


def _first_pairs(record: RunRecord) -> int:
    """Return how many pairs the plan had before any refill."""
    return sum(record.shards) - sum(each.pairs for each in read_refills(record))


def _counted(record: RunRecord, planned: Iterable[PairUse], taken: Iterable[PairUse]) -> dict[str, Any]:
    """Return the counts of the run with the studies that receive for the first time: no longer left out."""
    before = {pair.recipient for pair in planned}
    new = {pair.recipient: pair.drop for pair in taken if pair.drop and pair.recipient not in before}
    dropped = Counter(record.counts["dropped"])
    dropped.subtract(new.values())
    studies = dict(record.counts["studies"])
    studies["planned"] += len(new)
    studies["dropped"] -= len(new)
    return {**record.counts, "studies": studies, "dropped": dict(sorted((+dropped).items()))}


def _write_record(
    folder: RunFolder, before: RunRecord, counts: dict[str, Any], sizes: list[int], decided: RefillPass
) -> None:
    """Write run.json, unless it says so already or another refill was here meanwhile.

    Raises:
        RefilledElsewhereError: Another refill was here.
    """
    refills = [asdict(each) for each in read_refills(before) if each.shards] + [asdict(decided)]
    after = replace(before, counts=counts, shards=[*before.shards, *sizes], refills=refills)
    if before.sealed and sizes:
        piece = piece_of(folder.plan_file, refills_rendered(after))
        after = replace(after, files={**before.files, piece.name: asdict(FileSeal.of(piece))})
    if after == before:
        return

    def look() -> None:
        if read_run(folder) not in (before, after):
            raise _refilled_elsewhere(folder)

    with publish(folder.run_file, look) as temporary:
        temporary.write_text(seal_json(asdict(after)), encoding="utf-8", newline="\n")


def _refilled_elsewhere(folder: RunFolder) -> RefilledElsewhereError:
    hint = "run the same command again"
    return RefilledElsewhereError(
        "the run was refilled by another process", where=str(folder.root), hint=hint
    )
