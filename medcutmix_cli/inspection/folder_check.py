"""Is a run folder whole, apart from its shards? Its small files, its numbering, its plan and its sums."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from medcutmix_cli.assembly.lexicons import lexicon_of_run
from medcutmix_cli.assembly.parts import record_fingerprint
from medcutmix_cli.errors import MedcutmixError, RunError
from medcutmix_cli.inspection.findings import Findings
from medcutmix_cli.reports.tables import BUILT_IN, Lexicon
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.manifest import check_files, check_seals, stray_files
from medcutmix_cli.run.plan_file import plan_rows
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.refill import refills_rendered
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.status import run_status


def check_folder(folder: RunFolder, record: RunRecord, found: Findings, *, hashes: bool) -> None:
    """Check the files of a run that are no shard.

    Args:
        folder: The run.
        record: Its run.json.
        found: What was found so far; more is added.
        hashes: Read the files whole, not only their sizes and seals.
    """
    faults, unsealed = check_seals(folder, record)
    found.unsealed += unsealed
    found.problems += [*faults, *check_files(folder, record, hashes=hashes)]
    found.problems += stray_files(folder, len(record.shards))
    found.problems += [*_binding_problems(record), *_numbering_problems(folder, record)]
    for problem in _plan_problems(folder, record):
        found.add_once(problem)


def run_lexicon(folder: RunFolder, record: RunRecord, found: Findings) -> Lexicon:
    """Return the lexicon of the run; where it is gone or another one, say so."""
    try:
        return lexicon_of_run(folder, record)
    except MedcutmixError as error:
        found.problems.append(Problem(folder.lexicon_file.name, "lexicon", error.what))
        return BUILT_IN


def _binding_problems(record: RunRecord) -> Iterator[Problem]:
    """Check that the settings, sources and encoder of run.json are those that its fingerprint was made from."""
    if record_fingerprint(record) != record.fingerprint:
        detail = "its settings, sources or encoder are not those of its fingerprint; restore it from a copy"
        yield Problem("run.json", "fingerprint", detail)


def _numbering_problems(folder: RunFolder, record: RunRecord) -> Iterator[Problem]:
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
