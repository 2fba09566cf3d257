"""Which settings decide the output, and which only say where something lies or how the work is done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from medcutmix_cli.configuration.plugins import path_options
from medcutmix_cli.configuration.resolution import ResolvedSettings
from medcutmix_cli.configuration.settings import SETTINGS, Settings, plain
from medcutmix_cli.system.unicode_paths import check_unicode


def semantic(settings: Settings) -> dict[str, Any]:
    """Return what decides the output as plain values: no places on disk, no number of workers.

    What lies at a path is known by its hash, which is among the sources.
    """
    return semantic_part(plain(settings))


def semantic_part(tree: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the same of settings as plain values, as `run.json` has them: a version need not know all of them."""
    part = {table: dict(values) for table, values in tree.items()}
    for setting in SETTINGS.values():
        if not setting.declared.semantic:
            part.get(setting.table, {}).pop(setting.name, None)
    dataset = part.get("dataset", {})
    for options in ("options", "unpaired_options"):
        paths = _paths_of(str(dataset.get("kind", "")), options)
        given = dataset.get(options, {})
        dataset[options] = {name: value for name, value in given.items() if name not in paths}
    return part


def with_absolute_paths(resolved: ResolvedSettings) -> ResolvedSettings:
    """Make paths absolute, whoever said them: the run may go on from another folder."""
    settings = resolved.settings
    for setting in SETTINGS.values():
        own = getattr(settings, setting.table)
        if setting.declared.path and getattr(own, setting.name):
            changed = replace(own, **{setting.name: _absolute(getattr(own, setting.name))})
            settings = replace(settings, **{setting.table: changed})
    return replace(resolved, settings=_with_absolute_options(settings))


def _with_absolute_options(settings: Settings) -> Settings:
    """Do the same with the options of data sets that are paths."""
    dataset = settings.dataset
    options, unpaired = (
        {key: _absolute(value) if key in paths else value for key, value in given.items()}
        for given, paths in (
            (dataset.options, _paths_of(dataset.kind, "options")),
            (dataset.unpaired_options, _paths_of(dataset.kind, "unpaired_options")),
        )
    )
    return replace(settings, dataset=replace(dataset, options=options, unpaired_options=unpaired))


def _paths_of(kind: str, options: str) -> frozenset[str]:
    """Return the options of a data set that are paths; of any kind, where it is still to be recognised."""
    return path_options("dataset", kind if options == "options" else "")


def _absolute(path: Any) -> Any:
    if not isinstance(path, str | Path) or not str(path):
        return path
    # Not Path.resolve, which ends in an error of its own where a link leads to itself.
    return check_unicode(os.path.realpath(path))
