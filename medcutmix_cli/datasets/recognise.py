"""From a path to the data set that lies there. Knows kinds by their entry points only."""

from __future__ import annotations

from pathlib import Path

from medcutmix_cli.configuration import registry
from medcutmix_cli.configuration.plugins import construct
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.errors import DatasetError, MissingExtraError
from medcutmix_cli.system.near_paths import near_path


def open_dataset(root: Path, kind: str | None = None, **options: object) -> Dataset:
    """Return the data set at `root`.

    Args:
        root: Folder or file.
        kind: Name of its kind; None recognises it.
        options: Settings of that kind by name; those that are None count as not given.

    Raises:
        DatasetError: Nothing is recognised there, or more than one kind.
        UsageError: The kind is unknown, or has no such option.
    """
    if not root.exists():
        raise DatasetError(
            "there is no such folder or file",
            where=str(root),
            hint=near_path(root) or "has the data set moved? say where it is now",
        )
    name = kind or _recognise(root)
    found = registry.load("dataset", name)
    dataset: Dataset = construct(f"the data set kind {name!r}", "dataset", found, options, root=root)
    return dataset


def kind_around(table: Path) -> str:
    """Return the kind of the data set whose folder a table lies in; "" where there is none, or more than one."""
    try:
        return _recognise(table.parent)
    except DatasetError:
        return ""


def _recognise(root: Path) -> str:
    found, looked_for = [], []
    for name in registry.names("dataset"):
        try:
            candidate = registry.load("dataset", name)
        except MissingExtraError as error:
            looked_for.append(f"{name}: not installed ({error.hint})")
            continue
        looked_for.append(f"{name}: {candidate.looks_for}")
        if candidate.recognises(root):
            found.append(name)
    if len(found) == 1:
        return found[0]
    if found:
        what = f"this could be any of {', '.join(found)}"
        raise DatasetError(what, where=str(root), hint="say which with --dataset-kind")
    raise DatasetError("no data set is recognised here", where=str(root), hint=_hint(looked_for))


def _hint(looked_for: list[str]) -> str:
    return "looked for " + "; ".join(looked_for)
