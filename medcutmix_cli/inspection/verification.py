"""Is what lies in a run folder what its plan promised? Names every broken rule; prints nothing, mends nothing.

Three levels, each with all of the one before. Shallow: numbering, state files, sizes, footers, schema, sums, failure
lists, the plan's footer; no row is read. Thorough: hashes, page checksums, ids, split and patient rules, text rebuilt
from its edits. Deep: every picture rebuilt from its recipe and the parents' files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from medcutmix_cli.assembly.lexicons import lexicon_of_run
from medcutmix_cli.assembly.opening import open_run_dataset
from medcutmix_cli.assembly.parts import build_gate
from medcutmix_cli.attention import Gate
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import ImageError, MedcutmixError, RunError, ShardError, UsageError
from medcutmix_cli.exports.check import check_export
from medcutmix_cli.exports.manifest import ExportFolder
from medcutmix_cli.images import LOSSLESS, decode_picture, encode_picture, read_canvas, single_threaded_opencv
from medcutmix_cli.records import MAPPED_MODES, Pair, Reading
from medcutmix_cli.rendering.calibration import Calibration, read_calibration
from medcutmix_cli.rendering.rows import replay_pixels, replay_report, row_grid, row_pixels, row_placement
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import BUILT_IN, Lexicon, use_lexicon
from medcutmix_cli.run.column import ColumnSummary
from medcutmix_cli.run.columns import COLUMNS, summed_up
from medcutmix_cli.run.folder import (
    RunFolder,
    RunRecord,
    ShardState,
    read_outcomes,
    read_run,
    read_state,
)
from medcutmix_cli.run.plan_file import plan_rows, read_plan
from medcutmix_cli.run.refill import refills_rendered
from medcutmix_cli.run.shards import Row, read_head, read_rows, sha256
from medcutmix_cli.run.status import run_status
from medcutmix_cli.system.progress import show_progress

_SHARES = summed_up(ColumnSummary.RANGE)


class Level(StrEnum):
    """How much was looked at."""

    SHALLOW = "shallow"
    THOROUGH = "thorough"
    DEEP = "deep"


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule.

    Attributes:
        where: File name or pair id.
        rule: Name of the rule ("hash", "patient", ...).
        detail: One sentence, without report text.
    """

    where: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and what is wrong; `ok` where nothing is.

    Attributes:
        shards: In the plan.
        rows: Of the complete shards, as their state files count them.
        level: How much was looked at.
        kind: "run" or "export"; of an export shards are its files.
    """

    shards: int
    rows: int
    level: Level
    problems: tuple[Problem, ...]
    kind: str = "run"

    @property
    def ok(self) -> bool:
        """Say whether no rule is broken."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Replay:
    """What a deep check needs: where the parents' pictures are and how they become grey."""

    resolve: Callable[[str], Path]
    dicom_mode: str
    section_rules: str
    image_format: str

    def parent(self, row: Row, letter: str) -> npt.NDArray[np.uint8]:
        """Decode one parent of a row onto its canvas, (canvas, canvas) uint8."""
        canvas = row[f"placement_{letter}"]["canvas"]
        return read_canvas(self.resolve(row[f"image_path_{letter}"]), canvas, self.dicom_mode).pixels

    def read(self, row: Row) -> Reading:
        """Read the mixed report of a row as planning did."""
        return ReportReader(self.section_rules).read(row["report"], row["study_id_a"])


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
    shallow: bool = False,
    dataset: str | Path | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Check a run folder against its plan, or an export against its list of hashes.

    Args:
        out: Run folder, or folder of an export.
        deep: Rebuild every stored picture from its recipe and read every mixed report again.
        shallow: Look at small files, sizes and footers only: seconds for thousands of shards.
        dataset: Where the data set is now, if it has moved (deep only).
        progress: Called with ("verifying", shards done, shards).

    Raises:
        UsageError: Both deep and shallow.
        RunError: There is no run.
        DatasetError: A deep check cannot find the data set.
    """
    if deep and shallow:
        raise UsageError("a check is either deep or shallow", hint="give one of --deep and --shallow")
    level = Level.DEEP if deep else Level.SHALLOW if shallow else Level.THOROUGH
    export = ExportFolder(Path(out))
    if export.is_export() or export.is_begun():
        return _verify_export(export, level, progress)
    folder = RunFolder(Path(out))
    record = read_run(folder)
    problems = [*_folder_problems(folder, record), *_plan_problems(folder, record)]
    evidence = _evidence(folder, record, problems)
    check = _Check(folder, record, level, evidence, _replay(record, dataset) if deep else None)
    rows = 0
    with use_lexicon(_lexicon(folder, record, problems)):
        for shard in range(len(record.shards)):
            state = _state(folder, shard, problems)
            if state is not None:
                rows += state.written
                problems += _checked_shard(check, state)
            if progress:
                progress("verifying", shard + 1, len(record.shards))
    return Verification(len(record.shards), rows, level, tuple(problems))


def _verify_export(folder: ExportFolder, level: Level, progress: Progress | None) -> Verification:
    found = check_export(folder, hashes=level is not Level.SHALLOW, progress=progress)
    problems = tuple(Problem(fault.where, fault.rule, fault.detail) for fault in found.faults)
    return Verification(found.files, found.rows, level, problems, kind="export")


@dataclass(frozen=True, slots=True)
class _Check:
    """What the shards of one run are checked against; `replay` is None unless the check is deep."""

    folder: RunFolder
    record: RunRecord
    level: Level
    evidence: GateInputs
    replay: Replay | None


def _state(folder: RunFolder, shard: int, problems: list[Problem]) -> ShardState | None:
    """Return the state of a shard; where there is none that can be read, say so."""
    try:
        state = read_state(folder, shard)
    except RunError as error:
        problems.append(Problem(folder.state_file(shard).name, "damaged", error.what))
        return None
    if state is None:
        problems.append(Problem(folder.shard_file(shard).name, "missing", "this shard is not complete"))
    return state


def _lexicon(folder: RunFolder, record: RunRecord, problems: list[Problem]) -> Lexicon:
    """Return the lexicon of the run; where it is gone or another one, say so."""
    try:
        return lexicon_of_run(folder, record)
    except MedcutmixError as error:
        problems.append(Problem(folder.lexicon_file.name, "lexicon", error.what))
        return BUILT_IN


def _evidence(folder: RunFolder, record: RunRecord, problems: list[Problem]) -> GateInputs:
    """Return what maps are judged by; where it cannot be read, say so."""
    gate, calibration = build_gate(from_plain(record.settings)), Calibration("", {})
    if gate.min_nulls() and folder.calibration_file.is_file():
        try:
            calibration = read_calibration(folder.calibration_file)
        except RunError as error:
            problems.append(Problem(folder.calibration_file.name, "damaged", error.what))
    return GateInputs(gate, calibration)


def _replay(record: RunRecord, dataset: str | Path | None) -> Replay:
    return Replay(
        open_run_dataset(record, dataset).resolve,
        record.settings["image"]["dicom_mode"],
        record.settings["reports"]["section_rules"],
        record.settings["image"]["format"],
    )


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
        yield Problem(folder.plan_file.name, "damaged", error.what)
        return
    if rows != record.shards:
        yield Problem(folder.plan_file.name, "plan", "its shards are not those that run.json counts")


def _checked_shard(check: _Check, state: ShardState) -> list[Problem]:
    path = check.folder.shard_file(state.shard)
    name = path.name
    try:
        if check.level is Level.SHALLOW:
            return list(_file_problems(check, state))
        # Hashing lets go of the interpreter lock: it runs beside the rows.
        with single_threaded_opencv(), ThreadPoolExecutor(1, thread_name_prefix="hash") as pool:
            hashed = pool.submit(sha256, path)
            found = [*_file_problems(check, state), *_row_problems(check, state)]
            return [*_hash_problems(name, hashed.result() == state.sha256), *found]
    except ShardError as error:
        return [Problem(name, "damaged", error.what)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [Problem(name, "damaged", type(error).__name__)]
    except MedcutmixError as error:
        return [Problem(name, "unreadable", error.what)]


def _hash_problems(name: str, same: bool) -> list[Problem]:
    return [] if same else [Problem(name, "hash", "the file is not the one that was written")]


def _file_problems(check: _Check, state: ShardState) -> Iterator[Problem]:
    folder, record = check.folder, check.record
    path = folder.shard_file(state.shard)
    head = read_head(path)
    outcomes = read_outcomes(folder.failures_file(state.shard))
    ended = state.written + sum(state.rejected.values()) + sum(state.failed.values())
    gated = state.calibration == check.evidence.calibration.sha256
    rules = (
        ("size", path.stat().st_size != state.bytes, "the file has another size than it was written with"),
        ("schema", head.columns != tuple(c.name for c in COLUMNS), "columns differ from the schema"),
        ("fingerprint", head.origin["fingerprint"] != record.fingerprint, "the shard is of another run"),
        ("rows", head.rows != state.written, f"{head.rows} rows, but {state.written} were counted"),
        ("plan", state.planned != record.shards[state.shard], "the plan has another number of pairs"),
        ("sums", ended != state.planned, "planned is not written + rejected + failed"),
        ("calibration", not gated, "it was gated by other numbers"),
        ("failures", len(outcomes) != state.planned - state.written, "the failure list has another length"),
    )
    yield from (Problem(path.name, rule, detail) for rule, broken, detail in rules if broken)


def _row_problems(check: _Check, state: ShardState) -> Iterator[Problem]:
    """Check each row by itself and against its pair; rows stand in the order of the plan."""
    folder, evidence = check.folder, check.evidence
    gone = {outcome.pair_id for outcome in read_outcomes(folder.failures_file(state.shard))}
    pairs = [pair for pair in read_plan(folder.plan_file, state.shard) if pair.pair_id not in gone]
    count = 0
    for pair, row in zip(pairs, read_rows(folder.shard_file(state.shard)), strict=False):
        count += 1
        if row["pair_id"] != pair.pair_id:
            yield Problem(row["pair_id"], "order", "rows and planned pairs do not match")
            return
        yield from _pair_problems(pair, row)
        if not all(evidence.holds(row, letter) for letter in "ab"):
            yield Problem(
                pair.pair_id, "evidence", "the stored map does not pass the gate with the stored ground_p"
            )
        if check.replay:
            yield from _replay_problems(row, check.replay)
    if count != len(pairs):
        yield Problem(folder.shard_file(state.shard).name, "rows", "planned pairs without a row")


def _pair_problems(pair: Pair, row: Row) -> Iterator[Problem]:
    rules = (
        ("patient", row["subject_id_a"] == row["subject_id_b"], "donor and recipient are one patient"),
        ("split", row["split"] != pair.split, "the row is of another split than its pair"),
        ("ids", _ids(row) != _planned_ids(pair), "the row's parents are not those of the plan"),
        ("text", replay_report(row) != row["report"], "the report is not its edits applied"),
        ("plan-text", row["report"] != pair.report, "the report is not the planned one"),
        ("weights", not all(0.0 <= row[n] <= 1.0 for n in _SHARES), "outside [0, 1]"),
    )
    yield from (Problem(pair.pair_id, rule, detail) for rule, broken, detail in rules if broken)


def _ids(row: Row) -> tuple[str, ...]:
    names = ("subject_id_a", "study_id_a", "image_id_a", "subject_id_b", "study_id_b", "image_id_b")
    return tuple(row[name] for name in names)


def _planned_ids(pair: Pair) -> tuple[str, ...]:
    parents = (pair.recipient, pair.donor)
    return tuple(value for p in parents for value in (p.subject_id, p.study_id, p.image_id))


def _replay_problems(row: Row, replay: Replay) -> Iterator[Problem]:
    """Rebuild picture and labels of one row from the parents' files and the mixed text."""
    stored = row_pixels(row)
    try:
        recipient, donor = replay.parent(row, "a"), replay.parent(row, "b")
    except ImageError as error:
        yield Problem(row["pair_id"], "parent", f"a parent cannot be read: {error.reason}")
        return
    rebuilt = replay_pixels(row, recipient, donor)
    if replay.image_format not in LOSSLESS:
        rebuilt = decode_picture(encode_picture(rebuilt, replay.image_format))
    if not np.array_equal(rebuilt, stored):
        yield Problem(
            row["pair_id"], "pixels", "the picture rebuilt from the recipe differs from the stored one"
        )
    read = np.array(chexpert_labels(replay.read(row)))
    if not np.array_equal(read, np.array(row["label_mixed"]), equal_nan=True):
        yield Problem(row["pair_id"], "labels", "the report read again gives other labels")
