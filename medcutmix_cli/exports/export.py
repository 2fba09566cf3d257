"""Write a run as one trainer reads it, part by part; the same call goes on where it was stopped, to the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medcutmix_cli import __version__
from medcutmix_cli.assembly.lexicons import lexicon_of_run
from medcutmix_cli.assembly.opening import open_run_dataset
from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.configuration.settings import SPLITS, Settings
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import RunError, UsageError, suggest
from medcutmix_cli.exports.beginning import begin_export, complete_export
from medcutmix_cli.exports.manifest import ExportFolder, ExportManifest, ExportRequest
from medcutmix_cli.exports.originals import Originals
from medcutmix_cli.exports.profile import ExportProfile
from medcutmix_cli.exports.row import CAPTIONS
from medcutmix_cli.exports.writing import ExportWork
from medcutmix_cli.reports.tables import use_lexicon
from medcutmix_cli.run.contents import Contents, open_contents
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.storage_errors import explain_storage_errors

ORIGINALS = ("none", "together", "apart")
"""Whether the data set's own studies are exported: not at all, among the mixes, or in a folder beside theirs."""


@show_progress
def export(
    run: str | Path,
    out: str | Path,
    *,
    to: str,
    options: Mapping[str, Any] | None = None,
    originals: str = "none",
    splits: Sequence[str] = (),
    caption: str = "sections",
    escape_formulas: bool = False,
    dataset: str | Path | None = None,
    reports: str | Path | None = None,
    unpaired: str | Path | None = None,
    progress: Progress | None = None,
) -> ExportManifest:
    """Write a run as one trainer reads it.

    Args:
        run: Run folder, complete.
        out: Folder to make, or to go on with.
        to: Name of an export profile.
        options: Of the profile.
        originals: One of `ORIGINALS`.
        splits: Of mixes and originals; by default all mixes, and originals of the splits that the run mixed.
        caption: One of `row.CAPTIONS`.
        escape_formulas: Whether texts in tables that a spreadsheet would run get an apostrophe before them.
        dataset: Where the data set is now, if it has moved; only originals need it.
        reports: Where its reports are now, likewise.
        unpaired: Likewise, the unpaired data set.
        progress: Called with ("exporting", rows, 0).

    Raises:
        UsageError: No such profile, option, split or caption.
        RunError: There is no complete run, or something else lies in the folder.
        RunConflictError: Another export lies there.
        NoPairsError: No row is left.
    """
    _check_choices(originals, splits, caption)
    profile: ExportProfile = build("export", to, options or {})
    contents = _complete_run(run)
    record = _record_of(contents)
    request = ExportRequest(
        profile=to,
        options=dict(sorted(asdict(profile).items())),  # type: ignore[call-overload]
        originals=originals,
        splits=tuple(split for split in SPLITS if split in splits),
        caption=caption,
        fingerprint=record.fingerprint,
        shards=tuple(head.rows for head in contents.heads),
        version=__version__,
        escape_formulas=escape_formulas,
    )
    folder = ExportFolder(Path(out))
    if found := begin_export(folder, request):
        return found
    places = RunPlaces(dataset, reports, unpaired)
    source = None if originals == "none" else _open_originals(record, profile, caption, places)
    return _write(ExportWork(folder, request, profile, contents, record, source), progress)


def _write(work: ExportWork, progress: Progress | None) -> ExportManifest:
    lexicon = lexicon_of_run(RunFolder(work.contents.path), work.record)
    with explain_storage_errors(work.folder.root), use_lexicon(lexicon):
        try:
            return work.write(progress)
        except FileNotFoundError:  # another process with the same request may have been faster
            found = complete_export(work.folder, work.request)
            if found is None:
                raise
            return found


def _check_choices(originals: str, splits: Sequence[str], caption: str) -> None:
    for what, value, known in (
        ("originals", originals, ORIGINALS),
        ("caption", caption, CAPTIONS),
        *(("split", split, SPLITS) for split in splits),
    ):
        if value not in known:
            raise UsageError(f"there is no {what} {value!r}", hint=suggest(value, known))


def _complete_run(run: str | Path) -> Contents:
    contents = open_contents(run)
    record = _record_of(contents)
    missing = len(record.shards) - len(contents.heads)
    if missing:
        raise RunError(
            f"{missing} shards of this run are not rendered yet",
            where=str(run),
            hint=f"medcutmix render {run}",
        )
    return contents


def _record_of(contents: Contents) -> RunRecord:
    if contents.kind != "run" or contents.record is None:
        raise RunError("an export takes a whole run", where=str(contents.path), hint="give its folder")
    return contents.record


def _open_originals(record: RunRecord, profile: ExportProfile, caption: str, places: RunPlaces) -> Originals:
    studies = open_run_dataset(record, places)
    settings: Settings = from_plain(record.settings)
    return Originals(studies, settings, caption, profile.needs_sentences, usable_cpus())
