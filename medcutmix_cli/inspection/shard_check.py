"""Is one shard what its plan promised? Its state file, its failure list, its footer, and its rows one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from medcutmix_cli.assembly.opening import shard_origin
from medcutmix_cli.configuration.semantics import semantic_part
from medcutmix_cli.errors import MedcutmixError, RunError, ShardError
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.inspection.deep_check import DeepCheck
from medcutmix_cli.inspection.findings import Findings, Level
from medcutmix_cli.inspection.gate_inputs import GateInputs
from medcutmix_cli.inspection.split_rules import SplitProof
from medcutmix_cli.pairing.traits import count_row
from medcutmix_cli.records import Pair
from medcutmix_cli.rendering.rows import replay_report
from medcutmix_cli.run.column import ColumnSummary
from medcutmix_cli.run.columns import COLUMNS, summed_up
from medcutmix_cli.run.failure_list import PairOutcome, read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.manifest import CHANGED
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.row_counts import RowCounts
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.seals import FileSeal
from medcutmix_cli.run.shard_state import ShardState, read_state
from medcutmix_cli.run.shards import Row, ShardHead, WrittenCount, read_head, read_rows
from medcutmix_cli.system.file_hash import file_sha256

_SHARES = summed_up(ColumnSummary.RANGE)
_AGAIN = "remove its state file, and render again"


@dataclass(frozen=True, slots=True)
class ShardReference:
    """What the shards of one run are checked against; `deep` is None unless the check is deep.

    Attributes:
        planned: Whether the plan is whole, so that rows can be compared with it.
    """

    folder: RunFolder
    record: RunRecord
    level: Level
    evidence: GateInputs
    splits: SplitProof
    deep: DeepCheck | None
    planned: bool


def check_shard(check: ShardReference, shard: int, found: Findings) -> None:
    """Check one shard; where its state is gone or cannot be read, say so."""
    where = f"state/{check.folder.state_file(shard).name}"
    try:
        state = read_state(check.folder, shard)
    except RunError as error:
        found.add_once(Problem(where, "damaged", f"{error.what}; {error.hint}"))
        return
    if state is None:
        name = check.folder.shard_file(shard).name
        found.problems.append(
            Problem(name, "missing", "this shard is not complete: run the same command again")
        )
        return
    found.rows += state.written
    outcomes = _outcomes(check, state, found)
    found.problems += _checked_shard(check, state, outcomes)


def _outcomes(check: ShardReference, state: ShardState, found: Findings) -> list[PairOutcome] | None:
    """Return the failure list of a shard, None where it cannot be trusted."""
    path = check.folder.failures_file(state.shard)
    where = f"failures/{path.name}"
    if not path.is_file():
        found.problems.append(Problem(where, "missing", f"this file is gone; {_AGAIN}"))
        return None
    if state.failures and FileSeal.of(path).sha256 != state.failures:
        found.problems.append(Problem(where, "hash", f"{CHANGED}; {_AGAIN}"))
        return None
    if not state.failures and check.record.sealed:
        found.problems.append(Problem(where, "seal", f"its state file says no hash of it; {_AGAIN}"))
    elif not state.failures:
        found.unsealed.append(where)
    try:
        return read_outcomes(path)
    except (ValueError, TypeError):
        found.problems.append(Problem(where, "damaged", f"it cannot be read; {_AGAIN}"))
        return None


def _checked_shard(
    check: ShardReference, state: ShardState, outcomes: list[PairOutcome] | None
) -> list[Problem]:
    path = check.folder.shard_file(state.shard)
    name = path.name
    try:
        if check.level is Level.SHALLOW:
            return list(_file_problems(check, state, outcomes))
        # Hashing lets go of the interpreter lock: it runs beside the rows.
        with single_threaded_opencv(), ThreadPoolExecutor(1, thread_name_prefix="hash") as pool:
            hashed = pool.submit(file_sha256, path)
            found = [*_file_problems(check, state, outcomes), *_row_problems(check, state, outcomes)]
            return [*_hash_problems(name, hashed.result() == state.sha256), *found]
    except (ShardError, RunError) as error:
        return [Problem(name, "damaged", f"{error.what}; {_AGAIN}")]
    except (OSError, ValueError, KeyError, TypeError):
        return [Problem(name, "damaged", f"what it holds cannot be read; {_AGAIN}")]
    except MedcutmixError as error:
        return [Problem(name, "unreadable", error.what)]


def _hash_problems(name: str, same: bool) -> list[Problem]:
    return [] if same else [Problem(name, "hash", f"{CHANGED}; {_AGAIN}")]


def _file_problems(
    check: ShardReference, state: ShardState, outcomes: list[PairOutcome] | None
) -> Iterator[Problem]:
    path = check.folder.shard_file(state.shard)
    head = read_head(path)
    ended = state.written + sum(state.rejected.values()) + sum(state.failed.values())
    gated = state.calibration == check.evidence.calibration.sha256
    gone = state.planned - state.written
    rules = (
        ("size", path.stat().st_size != state.bytes, "the file has another size than it was written with"),
        ("schema", head.columns != tuple(c.name for c in COLUMNS), "columns differ from the schema"),
        (
            "fingerprint",
            head.origin["fingerprint"] != check.record.fingerprint,
            "the shard is of another run",
        ),
        ("origin", not _is_of(head, check.record), "it was made with other settings than run.json says"),
        ("rows", head.rows != state.written, f"{head.rows} rows, but {state.written} were counted"),
        ("plan", state.planned != check.record.shards[state.shard], "the plan has another number of pairs"),
        ("sums", ended != state.planned, "planned is not written + rejected + failed"),
        ("calibration", not gated, "it was gated by other numbers"),
        ("failures", outcomes is not None and len(outcomes) != gone, "the failure list has another length"),
    )
    yield from (Problem(path.name, rule, detail) for rule, broken, detail in rules if broken)


def _is_of(head: ShardHead, record: RunRecord) -> bool:
    """Say whether a shard was made with the encoder and the settings of a record, and says the same of its source."""
    expected = shard_origin(record, semantic_part(record.settings))
    said = json.loads(json.dumps(asdict(expected)))
    return all(head.origin.get(name) == value for name, value in said.items() if name != "fingerprint")


def _row_problems(
    check: ShardReference, state: ShardState, outcomes: list[PairOutcome] | None
) -> Iterator[Problem]:
    """Check each row by itself and against its pair; rows stand in the order of the plan."""
    rows = read_rows(check.folder.shard_file(state.shard))
    if outcomes is None or not check.planned:
        for row in rows:  # what it is to be compared with is named already
            yield from check.splits.problems(row)
        return
    gone = {outcome.pair_id for outcome in outcomes}
    planned = read_plan(check.folder.plan_file, state.shard)
    pairs = [pair for pair in planned if pair.pair_id not in gone]
    deep = check.deep.of_shard(state.shard, outcomes) if check.deep else None
    count, counts = WrittenCount(), RowCounts()
    for pair, row in zip(pairs, rows, strict=False):
        count = count.plus([row])
        count_row(counts, row)
        if row["pair_id"] != pair.pair_id:
            yield Problem(row["pair_id"], "order", "rows and planned pairs do not match")
            return
        yield from check.splits.problems(row)
        yield from _pair_problems(pair, row)
        if not check.evidence.hold(row):
            yield Problem(
                pair.pair_id, "evidence", "the stored map does not pass the gate with the stored ground_p"
            )
        if deep:
            yield from deep.compare(pair, row)
    name = check.folder.shard_file(state.shard).name
    if count.rows != len(pairs):
        yield Problem(name, "rows", "planned pairs without a row")
    elif count.unmixed != state.unmixed:
        detail = f"{count.unmixed} studies as they are, but {state.unmixed} were counted"
        yield Problem(name, "unmixed", detail)
    elif state.counts and counts.plain() != state.counts:
        yield Problem(
            name, "counts", "its state file counts its rows otherwise: `status` would tell another shape"
        )
    if deep:
        yield from deep.finish()


def _pair_problems(pair: Pair, row: Row) -> Iterator[Problem]:
    rules = (
        ("split", row["split"] != pair.split, "the row is of another split than its pair"),
        ("ids", _ids(row) != _planned_ids(pair), "the row's parents are not those of the plan"),
        ("text", _mixed_again(row) != row["report"], "the report is not its edits applied"),
        ("plan-text", row["report"] != pair.report, "the report is not the planned one"),
        ("weights", not all(0.0 <= row[n] <= 1.0 for n in _SHARES), "outside [0, 1]"),
    )
    yield from (Problem(pair.pair_id, rule, detail) for rule, broken, detail in rules if broken)


def _mixed_again(row: Row) -> str | None:
    """Return the recipient's report with the edits of a row applied, None where they do not fit it."""
    try:
        return replay_report(row)
    except ValueError:
        return None


def _ids(row: Row) -> tuple[str, ...]:
    names = ("subject_id_a", "study_id_a", "image_id_a", "subject_id_b", "study_id_b", "image_id_b")
    return tuple(row[name] for name in names)


def _planned_ids(pair: Pair) -> tuple[str, ...]:
    parents = (pair.recipient, pair.donor)
    return tuple(value for p in parents for value in (p.subject_id, p.study_id, p.image_id))
