"""Is what lies in a run folder what its plan promised? Names every broken rule; prints nothing, mends nothing.

Three levels, each with all of the one before. Shallow: seals of small files, numbering, sizes, footers, schema, sums,
failure lists, settings against the fingerprint; no row is read. Thorough: hashes of all files, page checksums, ids,
split and patient rules, text rebuilt from its edits. Deep: every column made again from plan, data set and recipe;
the maps too where the encoder is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from medcutmix_cli.assembly.lexicons import lexicon_of_run
from medcutmix_cli.assembly.opening import shard_origin
from medcutmix_cli.assembly.parts import build_gate, record_fingerprint
from medcutmix_cli.attention import Gate
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.configuration.semantics import semantic_part
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import MedcutmixError, RunError, ShardError, UsageError
from medcutmix_cli.exports.check import check_export
from medcutmix_cli.exports.manifest import ExportFolder
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.inspection.deep_check import DeepCheck, open_deep_check
from medcutmix_cli.inspection.remake import remade_columns
from medcutmix_cli.inspection.split_rules import SplitProof, read_split_table
from medcutmix_cli.records import MAPPED_MODES, Pair
from medcutmix_cli.rendering.calibration import Calibration, read_calibration
from medcutmix_cli.rendering.rows import replay_report, row_grid, row_placement
from medcutmix_cli.reports.tables import BUILT_IN, Lexicon, use_lexicon
from medcutmix_cli.run.column import ColumnSummary
from medcutmix_cli.run.columns import COLUMNS, summed_up
from medcutmix_cli.run.folder import (
    PairOutcome,
    RunFolder,
    RunRecord,
    ShardState,
    read_outcomes,
    read_run,
    read_state,
)
from medcutmix_cli.run.manifest import CHANGED, check_files, check_seals, stray_files
from medcutmix_cli.run.plan_file import plan_rows, read_plan
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.refill import refills_rendered
from medcutmix_cli.run.seals import FileSeal
from medcutmix_cli.run.shards import Row, ShardHead, WrittenCount, read_head, read_rows
from medcutmix_cli.run.status import run_status
from medcutmix_cli.system.file_hash import file_sha256
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.readable import Readable

__all__ = ["GateInputs", "Level", "Problem", "Verification", "verify"]

_SHARES = summed_up(ColumnSummary.RANGE)
_AGAIN = "remove its state file, and render again"


class Level(StrEnum):
    """How much was looked at."""

    SHALLOW = "shallow"
    THOROUGH = "thorough"
    DEEP = "deep"


@dataclass(frozen=True, slots=True, repr=False)
class Verification(Readable):
    """What was checked, and what is wrong; `ok` where nothing is.

    Attributes:
        shards: In the plan.
        rows: Of the complete shards, as their state files count them.
        level: How much was looked at.
        kind: "run" or "export"; of an export shards are its files.
        remade: Columns whose values were made again, all of them in every row; empty unless the check was deep.
        not_remade: Columns that only the encoder can make again, which was not asked; empty unless the check was deep.
        unsealed: Files of an earlier version, which have no seal: a changed byte in them may go unseen.
    """

    shards: int
    rows: int
    level: Level
    problems: tuple[Problem, ...]
    kind: str = "run"
    remade: tuple[str, ...] = ()
    not_remade: tuple[str, ...] = ()
    unsealed: tuple[str, ...] = ()

    def facts(self) -> dict[str, str]:
        """Return what was looked at, and the first problems."""
        what = "files" if self.kind == "export" else "shards"
        first = "; ".join(f"{one.where}: {one.rule}" for one in self.problems[:5])
        return {
            self.kind: f"{self.rows:,} rows in {self.shards:,} {what}, {self.level}",
            "problems": f"{len(self.problems):,}",
            "first": first,
            "columns made again": f"{len(self.remade):,}" if self.remade else "",
            "unsealed": ", ".join(self.unsealed[:5]),
        }

    @property
    def ok(self) -> bool:
        """Say whether no rule is broken."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class GateInputs:
    """What the stored maps are judged by, once more."""

    gate: Gate
    calibration: Calibration

    def holds(self, row: Row, letter: str) -> bool:
        """Say whether one parent's map passes the gate with exactly the stored ground_p and guarantee."""
        if not self.gate.min_nulls() or not row[f"sentence_{letter}"]:
            return row[f"ground_p_{letter}"] is row[f"gate_confidence_{letter}"] is None
        nulls = self.calibration.of(row["split"], row["finding_a" if letter == "a" else "finding"])
        peak = self.gate.statistic(row_grid(row, f"map_{letter}"), row_placement(row, letter))
        guarantee = self.gate.guarantee(nulls.size)
        promised = (guarantee.nulls, guarantee.confidence) if guarantee else (None, None)
        stated = (row[f"gate_nulls_{letter}"], row[f"gate_confidence_{letter}"])
        known = self.gate.p_value(peak, nulls) == row[f"ground_p_{letter}"] and promised == stated
        by_maps = row["image_mode"] in MAPPED_MODES
        return known and (not by_maps or self.gate.keeps(peak, nulls))


@show_progress
def verify(
    out: str | Path,
    *,
    deep: bool = False,
    maps: bool = False,
    shallow: bool = False,
    dataset: str | Path | None = None,
    split_file: str | Path | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Check a run folder against its seals and its plan, or an export against its list of hashes.

    Args:
        out: Run folder, or folder of an export.
        deep: Make every column of every row again, and read the reports of the plan again.
        maps: Ask the encoder for maps and features again (deep only).
        shallow: Look at small files, sizes and footers only: seconds for thousands of shards.
        dataset: Where the data set is now, if it has moved (deep only).
        split_file: Table of ids and splits that rows are proved by, besides (not of a shallow check).
        progress: Called with ("verifying", shards done, shards).

    Raises:
        UsageError: Both deep and shallow, maps without deep, or a split file of which no row is asked.
        RunError: There is no run.
        DatasetError: A deep check cannot find the data set, or the split file cannot be read.
    """
    level = _level(deep=deep, maps=maps, shallow=shallow, split_file=split_file)
    export = ExportFolder(Path(out))
    if export.is_export() or export.is_begun():
        return _verify_export(export, level, progress)
    folder = RunFolder(Path(out))
    try:
        record = read_run(folder)
    except RunError as error:
        if not folder.is_run():
            raise
        problem = Problem(folder.run_file.name, "damaged", f"{error.what}; {error.hint}")
        return Verification(0, 0, level, (problem,))
    proof = SplitProof(read_split_table(Path(split_file)) if split_file else None)
    return _verify_run(_Request(folder, record, level, maps, dataset, proof), progress)


def _level(*, deep: bool, maps: bool, shallow: bool, split_file: str | Path | None) -> Level:
    if deep and shallow:
        raise UsageError("a check is either deep or shallow", hint="give one of --deep and --shallow")
    if maps and not deep:
        raise UsageError("maps are made again by a deep check only", hint="give --deep with --maps")
    if shallow and split_file:
        raise UsageError("a shallow check reads no row", hint="leave out --shallow with --split-file")
    return Level.DEEP if deep else Level.SHALLOW if shallow else Level.THOROUGH


def _verify_export(folder: ExportFolder, level: Level, progress: Progress | None) -> Verification:
    found = check_export(folder, hashes=level is not Level.SHALLOW, progress=progress)
    return Verification(found.files, found.rows, level, found.problems, kind="export")


@dataclass(frozen=True, slots=True)
class _Request:
    """What is to be verified, and how."""

    folder: RunFolder
    record: RunRecord
    level: Level
    maps: bool
    dataset: str | Path | None
    splits: SplitProof


@dataclass(slots=True)
class _Findings:
    """What is found on the way."""

    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    unsealed: list[str] = field(default_factory=list)

    def add_once(self, problem: Problem) -> None:
        """Tell of a file, unless something was said of it already: that is then the reason."""
        if problem.where not in {told.where for told in self.problems}:
            self.problems.append(problem)

    def is_whole(self, name: str) -> bool:
        """Say whether nothing is wrong with a file, and with those whose names begin like it ("plan")."""
        return not any(problem.where.startswith(name) for problem in self.problems)


def _verify_run(request: _Request, progress: Progress | None) -> Verification:
    folder, record, level = request.folder, request.record, request.level
    found = _Findings()
    faults, unsealed = check_seals(folder, record)
    found.unsealed += unsealed
    found.problems += [*faults, *check_files(folder, record, hashes=level is not Level.SHALLOW)]
    found.problems += stray_files(folder, len(record.shards))
    found.problems += [*_binding_problems(record), *_folder_problems(folder, record)]
    for problem in _plan_problems(folder, record):
        found.add_once(problem)
    found.problems += request.splits.table_problems()
    evidence = _evidence(folder, record, found)
    with use_lexicon(_lexicon(folder, record, found)):
        deep = None
        if level is Level.DEEP:
            deep = open_deep_check(folder, record, evidence.calibration, request.dataset, maps=request.maps)
        check = _Check(folder, record, level, evidence, request.splits, deep, found.is_whole("plan"))
        for shard in range(len(record.shards)):
            _check_shard(check, shard, found)
            if progress:
                progress("verifying", shard + 1, len(record.shards))
    return _verification(request, found)


def _verification(request: _Request, found: _Findings) -> Verification:
    remade = remade_columns(maps=request.maps) if request.level is Level.DEEP else ()
    left = tuple(column.name for column in COLUMNS if column.name not in remade) if remade else ()
    return Verification(
        len(request.record.shards),
        found.rows,
        request.level,
        tuple(found.problems),
        remade=remade,
        not_remade=left,
        unsealed=tuple(found.unsealed),
    )


@dataclass(frozen=True, slots=True)
class _Check:
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


def _check_shard(check: _Check, shard: int, found: _Findings) -> None:
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


def _outcomes(check: _Check, state: ShardState, found: _Findings) -> list[PairOutcome] | None:
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


def _lexicon(folder: RunFolder, record: RunRecord, found: _Findings) -> Lexicon:
    """Return the lexicon of the run; where it is gone or another one, say so."""
    try:
        return lexicon_of_run(folder, record)
    except MedcutmixError as error:
        found.problems.append(Problem(folder.lexicon_file.name, "lexicon", error.what))
        return BUILT_IN


def _evidence(folder: RunFolder, record: RunRecord, found: _Findings) -> GateInputs:
    """Return what maps are judged by; where it cannot be read, say so."""
    gate, calibration = build_gate(from_plain(record.settings)), Calibration("", {})
    if not gate.min_nulls():
        return GateInputs(gate, calibration)
    if not folder.calibration_file.is_file():
        if folder.shards_there():
            detail = "this file is gone, and shards were gated by it; restore it from a copy"
            found.problems.append(Problem(folder.calibration_file.name, "missing", detail))
    else:
        try:
            calibration = read_calibration(folder.calibration_file)
        except RunError as error:
            found.add_once(Problem(folder.calibration_file.name, "damaged", f"{error.what}; {error.hint}"))
        else:
            if calibration.fingerprint != record.fingerprint:
                detail = "the calibration is of another run; remove it: it is made again"
                found.problems.append(Problem(folder.calibration_file.name, "fingerprint", detail))
    return GateInputs(gate, calibration)


def _binding_problems(record: RunRecord) -> Iterator[Problem]:
    """Check that the settings, sources and encoder of run.json are those that its fingerprint was made from."""
    if record_fingerprint(record) != record.fingerprint:
        detail = "its settings, sources or encoder are not those of its fingerprint; restore it from a copy"
        yield Problem("run.json", "fingerprint", detail)


def _folder_problems(folder: RunFolder, record: RunRecord) -> Iterator[Problem]:
    """Check numbering (no file beyond the plan, none half-written) and the sums."""
    expected = {folder.shard_file(shard).name for shard in range(len(record.shards))}
    for path in sorted((folder.root / "data").glob("*")):
        if path.name not in expected and not path.name.endswith(".tmp"):
            yield Problem(path.name, "numbering", "the plan has no such shard")
        elif path.name in expected and not folder.state_file(int(path.stem[-5:])).exists():
            yield Problem(
                path.name, "incomplete", "a shard without its state file; run the same command again"
            )
    with suppress(RunError):  # a state file that cannot be read is named with its shard
        if not run_status(folder).balanced:
            detail = "inputs = planned + dropped or planned = written + ... does not hold"
            yield Problem("run.json", "sums", detail)


def _plan_problems(folder: RunFolder, record: RunRecord) -> Iterator[Problem]:
    """Check by the plan's footer that it holds the shards which run.json counts."""
    try:
        rows = plan_rows(folder.plan_file, refills_rendered(record))
    except RunError as error:
        yield Problem(folder.plan_file.name, "damaged", f"{error.what}; {error.hint}")
        return
    if rows != record.shards:
        yield Problem(folder.plan_file.name, "plan", "its shards are not those that run.json counts")


def _checked_shard(check: _Check, state: ShardState, outcomes: list[PairOutcome] | None) -> list[Problem]:
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


def _file_problems(check: _Check, state: ShardState, outcomes: list[PairOutcome] | None) -> Iterator[Problem]:
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


def _row_problems(check: _Check, state: ShardState, outcomes: list[PairOutcome] | None) -> Iterator[Problem]:
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
    count = WrittenCount()
    for pair, row in zip(pairs, rows, strict=False):
        count = count.plus([row])
        if row["pair_id"] != pair.pair_id:
            yield Problem(row["pair_id"], "order", "rows and planned pairs do not match")
            return
        yield from check.splits.problems(row)
        yield from _pair_problems(pair, row)
        if not _is_evident(check.evidence, row):
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
    if deep:
        yield from deep.finish()


def _is_evident(evidence: GateInputs, row: Row) -> bool:
    try:
        return all(evidence.holds(row, letter) for letter in "ab")
    except ValueError:  # a map that has not the grid it says
        return False


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
