"""Find plugins by name through entry points. Listing imports nothing; a missing extra says its pip line."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import Any

from medcutmix_cli.errors import MissingExtraError, UsageError, suggest
from medcutmix_cli.system.extras import DISTRIBUTION, brought_by, pip_line

GROUPS = {
    "dataset": "medcutmix.datasets",
    "encoder": "medcutmix.encoders",
    "pairing": "medcutmix.pairings",
    "mask": "medcutmix.masks",
    "gate": "medcutmix.gates",
    "alignment": "medcutmix.alignments",
    "region": "medcutmix.regions",
    "blend": "medcutmix.blends",
    "weight": "medcutmix.weights",
    "engine": "medcutmix.engines",
    "export": "medcutmix.exports",
}


@cache
def _entries(kind: str) -> dict[str, metadata.EntryPoint]:
    points = metadata.entry_points(group=GROUPS[kind])
    return {point.name: point for point in sorted(points, key=lambda point: point.name)}


def names(kind: str) -> tuple[str, ...]:
    """Return the installed names of one kind ("dataset", "encoder", ...), sorted, importing none of them."""
    return tuple(_entries(kind))


def load(kind: str, name: str) -> Any:
    """Import the plugin and return what its entry point names (a class or a function).

    Raises:
        UsageError: No plugin of that name; the hint lists the known ones.
        MissingExtraError: Its module needs a package that is not installed.
    """
    entries = _entries(kind)
    if name not in entries:
        raise UsageError(
            f"there is no {kind} named {name!r}",
            hint=suggest(name, entries) if entries else "known: none (is medcutmix installed?)",
        )
    try:
        return entries[name].load()
    except ModuleNotFoundError as error:
        raise _missing(kind, name, entries[name], error) from error


def _missing(
    kind: str, name: str, point: metadata.EntryPoint, error: ModuleNotFoundError
) -> MissingExtraError:
    extra = point.extras[0] if point.extras else ""
    owner = point.dist.name if point.dist else DISTRIBUTION
    line = _line_of(extra, owner) if extra else f"pip install {error.name}"
    return MissingExtraError(f"the {kind} {name!r} needs the package {error.name!r}", hint=line)


def _line_of(extra: str, owner: str) -> str:
    """Say what brings an extra; the package that is missing may be one that those of the extra bring."""
    packages = ", ".join(brought_by(extra, owner))
    named = f": {packages}, and what they need" if packages else ""
    return f"{pip_line(extra, owner)} (the extra {extra!r}{named})"
