"""From a path to the data set that lies there. Knows kinds by their entry points only."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from medcutmix_cli.configuration import registry
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.errors import DatasetError, MissingExtraError, UsageError


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
            hint="has the data set moved? say where it is now",
        )
    dataset_class = registry.load("dataset", kind or _recognise(root))
    given = {name: value for name, value in options.items() if value is not None}
    _refuse_unknown(dataset_class, given)
    dataset: Dataset = dataset_class(root, **given)
    return dataset


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


def _refuse_unknown(dataset_class: Any, given: dict[str, object]) -> None:
    known = [field.name for field in fields(dataset_class) if field.init and field.name != "root"]
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            nearest = f"did you mean {close[0]!r}? " if close else ""
            what = f"the data set kind {dataset_class.kind!r} has no option {name!r}"
            raise UsageError(what, hint=f"{nearest}known: {', '.join(known)}")
