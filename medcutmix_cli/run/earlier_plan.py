"""What lies in the output folder before a plan is written: the same plan, another run, or what belongs to no run."""

from __future__ import annotations

from medcutmix_cli.configuration.resolution import difference, from_plain
from medcutmix_cli.configuration.semantics import semantic
from medcutmix_cli.errors import RunConflictError, RunError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord, read_run

_TOLD = 4
"""Differences of two runs that an error names."""


def is_planned(folder: RunFolder, record: RunRecord) -> bool:
    """Say whether this very plan lies there; another one without a pair counts for nothing.

    Raises:
        RunConflictError: Another one does.
    """
    before = read_run(folder) if folder.is_run() else None
    if before is None or _gives_way(before, record):
        return False
    _check_same_run(before, record, folder)
    return True


def check_empty(folder: RunFolder) -> None:
    """Refuse a place that holds anything but a run.

    Raises:
        RunError: It is a file, or holds other files, or shards of a run that is gone.
    """
    if folder.root.exists() and not folder.root.is_dir():
        raise RunError("the output is a file, not a folder", where=str(folder.root), hint="name a folder")
    foreign = folder.foreign_files()
    if foreign:
        raise RunError(
            f"the output folder holds {len(foreign)} other file(s), for example {foreign[0]!r}",
            where=str(folder.root),
            hint="choose an empty folder",
        )
    if folder.shards_there():
        raise RunError(
            "the output folder holds shards of a run whose run.json is gone",
            where=str(folder.root),
            hint="choose an empty folder: those shards would count as this run's",
        )


def _gives_way(before: RunRecord, now: RunRecord) -> bool:
    """Say whether another plan may take the place of one without a pair: whoever was told what to try may try it."""
    return not before.shards and before.fingerprint != now.fingerprint


def _check_same_run(before: RunRecord, now: RunRecord, folder: RunFolder) -> None:
    if before.fingerprint == now.fingerprint:
        return
    old, new = (
        {
            "settings": semantic(from_plain(record.settings)),
            "encoder": record.encoder,
            "versions": record.versions,
            "format": record.format,
        }
        for record in (before, now)
    )
    files = {name for name, _ in before.sources.items() ^ now.sources.items()}
    told = [*difference(old, new), *(f"other content: {name}" for name in sorted(files))]
    more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    raise RunConflictError(
        f"the output folder holds another run: {'; '.join(told[:_TOLD])}{more}",
        where=str(folder.root),
        hint="name another folder, or go on with the settings it was made with",
    )
