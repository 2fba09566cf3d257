"""Is what lies in a run folder what its plan promised? Names every broken rule; prints nothing, mends nothing.

Three levels, each with all of the one before. Shallow: seals of small files, numbering, sizes, footers, schema, sums,
failure lists, settings against the fingerprint; no row is read. Thorough: hashes of all files, page checksums, ids,
split and patient rules, text rebuilt from its edits. Deep: every column made again from plan, data set and recipe;
the maps too where the encoder is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import RunError, UsageError
from medcutmix_cli.exports.check import check_export
from medcutmix_cli.exports.manifest import ExportFolder
from medcutmix_cli.inspection.deep_check import open_deep_check
from medcutmix_cli.inspection.findings import Findings, Level
from medcutmix_cli.inspection.folder_check import check_folder, run_lexicon
from medcutmix_cli.inspection.gate_inputs import read_gate_inputs
from medcutmix_cli.inspection.remake import remade_columns
from medcutmix_cli.inspection.shard_check import ShardReference, check_shard
from medcutmix_cli.inspection.split_rules import SplitProof, read_split_table
from medcutmix_cli.reports.tables import use_lexicon
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.readable import Readable

__all__ = ["Level", "Problem", "Verification", "verify"]


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


@show_progress
def verify(
    out: str | Path,
    *,
    deep: bool = False,
    maps: bool = False,
    shallow: bool = False,
    dataset: str | Path | None = None,
    reports: str | Path | None = None,
    unpaired: str | Path | None = None,
    weights: str | Path | None = None,
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
        reports: Likewise, its reports.
        unpaired: Likewise, the unpaired data set.
        weights: Where those of the encoder are now (maps only).
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
    places = RunPlaces(dataset, reports, unpaired, weights)
    return _verify_run(_Request(folder, record, level, maps, places, proof), progress)


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
    places: RunPlaces
    splits: SplitProof


def _verify_run(request: _Request, progress: Progress | None) -> Verification:
    folder, record, level = request.folder, request.record, request.level
    found = Findings()
    check_folder(folder, record, found, hashes=level is not Level.SHALLOW)
    found.problems += request.splits.table_problems()
    evidence = read_gate_inputs(folder, record, found)
    with use_lexicon(run_lexicon(folder, record, found)):
        deep = None
        if level is Level.DEEP:
            deep = open_deep_check(folder, record, evidence.calibration, request.places, maps=request.maps)
        check = ShardReference(folder, record, level, evidence, request.splits, deep, found.is_whole("plan"))
        for shard in range(len(record.shards)):
            check_shard(check, shard, found)
            if progress:
                progress("verifying", shard + 1, len(record.shards))
    return _verification(request, found)


def _verification(request: _Request, found: Findings) -> Verification:
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
