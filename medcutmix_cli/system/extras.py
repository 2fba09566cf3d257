"""The `pip install` line of an extra, from what the installed metadata says: declared once, in pyproject.toml."""

from __future__ import annotations

from importlib import metadata

DISTRIBUTION = "medcutmix"


def pip_line(extra: str, distribution: str = DISTRIBUTION) -> str:
    """Return the command that brings the packages of an extra.

    It names the packages themselves, so that it works wherever the distribution came from: a folder, a wheel, an index.

    Args:
        extra: As in `pip install 'NAME[EXTRA]'`.
        distribution: Whose extra it is.
    """
    from packaging.requirements import Requirement  # not every command needs it

    try:
        asked = tuple(map(Requirement, metadata.requires(distribution) or ()))
    except metadata.PackageNotFoundError:
        asked = ()
    needed = [need for need in asked if need.marker is not None and need.marker.evaluate({"extra": extra})]
    named = [f"'{need.name}{_bracketed(need.extras)}{need.specifier}'" for need in needed]
    return "pip install " + " ".join(named or [f"'{distribution}[{extra}]'"])


def _bracketed(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""
