"""Print a constraints file with the lowest version that pyproject.toml allows of each library.

python -m tools.lowest_versions > lowest.txt && pip install -c lowest.txt .
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
_LOWER = (">=", "==", "~=")


def requirements(project: Mapping[str, Any]) -> list[Requirement]:
    """Return what the package and its extras need, the package itself left out."""
    extras: Mapping[str, list[str]] = project.get("optional-dependencies", {})
    lines = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
    found = map(Requirement, lines)
    return [need for need in found if canonicalize_name(need.name) != canonicalize_name(project["name"])]


def lowest(needs: Iterable[Requirement]) -> dict[str, Version]:
    """Return the lowest version of each library; where it is asked for twice, the higher one.

    Raises:
        ValueError: A library has no lower bound.
    """
    found: dict[str, Version] = {}
    for need in needs:
        bounds = [Version(part.version) for part in need.specifier if part.operator in _LOWER]
        if not bounds:
            raise ValueError(f"{need.name} has no lower bound in pyproject.toml")
        name = canonicalize_name(need.name)
        found[name] = max(*bounds, found[name]) if name in found else max(bounds)
    return dict(sorted(found.items()))


def constraints(pyproject: Path = PYPROJECT) -> str:
    """Return the text of the constraints file."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    return "".join(f"{name}=={version}\n" for name, version in lowest(requirements(project)).items())


if __name__ == "__main__":
    print(constraints(), end="")
