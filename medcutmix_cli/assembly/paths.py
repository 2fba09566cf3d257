"""Whether what an option names is there, asked of every option that is a path before anything is read or built.

Knows from the declaration of a setting that it is a path; what must be in the file is checked by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from medcutmix_cli.configuration.declaration import Setting
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.errors import UsageError
from medcutmix_cli.system.near_paths import near_path

_OWN = ("dataset.root", "run.stage_dir", "run.prepared")
"""Checked by whoever opens them: a data set says more of itself, the others may be places of another machine."""

_MADE_BY = {"plan.embeddings": "medcutmix embed DATASET FILE makes one"}


def check_named_paths(settings: Settings, declared: Iterable[Setting]) -> None:
    """See that what each path setting names is there, and is no folder where a file is wanted; reads none of it.

    Args:
        settings: Of the run.
        declared: The settings that the command takes.

    Raises:
        UsageError: Names the option, the path and what to try.
    """
    for setting in declared:
        if setting.declared.path and setting.table and setting.key not in _OWN:
            named = str(getattr(getattr(settings, setting.table), setting.name))
            if named:
                _check(setting, Path(named))


def _check(setting: Setting, path: Path) -> None:
    wanted = "file" if setting.declared.metavar == "FILE" else "file or folder"
    if not path.exists():
        hint = near_path(path) or _MADE_BY.get(setting.key, f"{setting.flag} names a {wanted} that is there")
        raise UsageError(f"the {wanted} given with {setting.flag} does not exist", where=str(path), hint=hint)
    if wanted == "file" and path.is_dir():
        hint = f"{setting.flag} names a file: one in this folder?"
        raise UsageError(f"{setting.flag} was given a folder, not a file", where=str(path), hint=hint)
