"""Python, packages and what keeps libraries from the network. Imports none of what it looks at."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib import metadata
from importlib.resources import files
from importlib.util import find_spec

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from medcutmix_cli.doctor.records import Diagnosis, Surroundings
from medcutmix_cli.system.extras import DISTRIBUTION

OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
_FOR_DEVELOPERS = frozenset({"dev", "site", "test"})
_ANEW = "pip install --constraint constraints.txt . in the folder of the source"
_NAMED = 4
"""Packages named in one sentence; the others are counted."""


def check_python(_surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Compare this Python with the versions that the package was made for."""
    asked = metadata.metadata(DISTRIBUTION)["Requires-Python"] or ""
    found = platform.python_version()
    if SpecifierSet(asked).contains(found, prereleases=True):
        yield Diagnosis("pass", f"Python {found}")
    else:
        fix = "make an environment with python3.11 or python3.12, and install there"
        yield Diagnosis("fail", f"Python {found} is none of those it was made for ({asked})", fix)


def check_packages(_surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Compare what is installed with what the package asks for, its extras where they are installed."""
    wrong = [line for need in requirements() if (line := _fault(need, optional=False))]
    odd = [line for need in requirements(extras=True) if (line := _fault(need, optional=True))]
    if wrong:
        yield Diagnosis("fail", "; ".join(wrong), _ANEW)
    if odd:
        yield Diagnosis("warn", "of an extra: " + "; ".join(odd), _ANEW)
    if not (wrong or odd):
        yield Diagnosis("pass", f"{len(requirements())} packages are of versions that it asks for")


def check_tested_versions(_surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Compare what is installed with the versions that are known to go together (`constraints.txt`)."""
    pins = tested_versions()
    names = {canonicalize_name(need.name) for need in (*requirements(), *requirements(extras=True))}
    found = {name: version for name in sorted(names & set(pins)) if (version := installed_version(name))}
    others = [f"{name} {found[name]} ({pins[name]})" for name in found if not _same(found[name], pins[name])]
    if not others:
        yield Diagnosis("pass", f"{len(found)} packages are of the versions that are known to go together")
        return
    rest = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    what = f"not of the versions that are known to go together: {', '.join(others[:_NAMED])}{rest}"
    yield Diagnosis("warn", what, f"{_ANEW}, if something is odd")


def check_offline(_surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Look at the variables that keep Hugging Face libraries from the network; medcutmix itself never asks it."""
    if find_spec("huggingface_hub") is None:
        yield Diagnosis("pass", "no library that downloads is installed")
        return
    unset = [name for name in OFFLINE if os.environ.get(name, "").lower() not in ("1", "on", "yes", "true")]
    if unset:
        what = f"not set: {', '.join(unset)}; medcutmix downloads nothing, other code in the same process may"
        yield Diagnosis("warn", what, "export " + " ".join(f"{name}=1" for name in unset))
    else:
        yield Diagnosis("pass", f"set: {', '.join(OFFLINE)}")


def requirements(*, extras: bool = False) -> tuple[Requirement, ...]:
    """Return what the installed package asks for here: of itself, or of its extras (not those for developers)."""
    asked = tuple(map(Requirement, metadata.requires(DISTRIBUTION) or ()))
    if not extras:
        return tuple(need for need in asked if need.marker is None or need.marker.evaluate({"extra": ""}))
    names = metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    known = [name for name in names if name not in _FOR_DEVELOPERS]
    marked = [need for need in asked if need.marker is not None and need.name != DISTRIBUTION]
    return tuple(need for need in marked if any(need.marker.evaluate({"extra": name}) for name in known))  # type: ignore[union-attr]


def tested_versions() -> dict[str, str]:
    """Return version by package of the constraints that the package carries."""
    text = files("medcutmix_cli.doctor").joinpath("constraints.txt").read_text("utf-8")
    lines = (line.partition("#")[0].strip().partition("==") for line in text.splitlines())
    return {canonicalize_name(name): version for name, _, version in lines if version}


def installed_version(name: str) -> str:
    """Return the version of a package, "" where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _fault(need: Requirement, *, optional: bool) -> str:
    found = installed_version(need.name)
    if not found:
        return "" if optional else f"{need.name} is not installed ({need.specifier} is asked for)"
    fits = need.specifier.contains(found, prereleases=True)
    return "" if fits else f"{need.name} {found} is not {need.specifier}"


def _same(found: str, pinned: str) -> bool:
    """Tell whether two versions are equal but for a build's mark: 2.13.0+cpu is 2.13.0."""
    return Version(found).public == Version(pinned).public
