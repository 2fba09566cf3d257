"""From a path to the data set that lies there. Knows kinds by their entry points only."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
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
    found = _kinds(root)
    if len(found) == 1:
        return found[0]
    if found:
        what = f"this could be any of {', '.join(found)}"
        raise DatasetError(what, where=str(root), hint="say which with --dataset-kind")
    raise DatasetError("no data set is recognised here", where=str(root), hint=_hint(root))


def _kinds(root: Path) -> list[str]:
    """Return the names of the kinds that recognise a path; parts that are not installed recognise nothing."""
    found = []
    for name in registry.names("dataset"):
        with suppress(MissingExtraError):
            if registry.load("dataset", name).recognises(root):
                found.append(name)
    return found


_LOOKED_AT, _PROPOSED = 100, 3


def _hint(root: Path) -> str:
    """Name what in the folder would be recognised; what each kind looks like fills a page, not a line."""
    inside = [path.name for path in _entries(root) if _kinds(path)][:_PROPOSED]
    named = f"did you mean {' or '.join(map(repr, inside))} in it? " if inside else ""
    return f"{named}known: {', '.join(registry.names('dataset'))}; --dataset-kind NAME says what is missing for one"


def _entries(root: Path) -> list[Path]:
    try:
        return sorted(islice(root.iterdir(), _LOOKED_AT))
    except OSError:
        return []
