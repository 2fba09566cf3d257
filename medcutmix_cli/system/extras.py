"""The `pip install` line of an extra: our own as the pages type it, another's by the packages that it asks for."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "medcutmix"


def pip_line(extra: str, distribution: str = DISTRIBUTION) -> str:
    """Return the command that brings the packages of an extra, and where it is typed.

    Ours is on no index and has versions that go together, so its line is that of `docs/install.md`. Of another
    distribution the packages themselves are named, wherever it came from: a folder, a wheel, an index.

    Args:
        extra: As in `pip install 'NAME[EXTRA]'`.
        distribution: Whose extra it is.
    """
    if distribution == DISTRIBUTION:
        return f"pip install --constraint constraints.txt '.[{extra}]' in the folder of the source"
    named = [
        f"'{need.name}{_bracketed(need.extras)}{need.specifier}'" for need in _needed(extra, distribution)
    ]
    return "pip install " + " ".join(named or [f"'{distribution}[{extra}]'"])


def brought_by(extra: str, distribution: str = DISTRIBUTION) -> tuple[str, ...]:
    """Return the names of the packages that an extra asks for; they bring others."""
    return tuple(need.name for need in _needed(extra, distribution))


def _needed(extra: str, distribution: str) -> list[Requirement]:
    from packaging.requirements import Requirement  # not every command needs it

    try:
        asked = tuple(map(Requirement, metadata.requires(distribution) or ()))
    except metadata.PackageNotFoundError:
        asked = ()
    return [need for need in asked if need.marker is not None and need.marker.evaluate({"extra": extra})]


def _bracketed(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""
