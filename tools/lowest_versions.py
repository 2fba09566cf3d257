"""Print the lowest versions that pyproject.toml allows, as constraints: CI installs and tests with them.

python tools/lowest_versions.py > lowest.txt
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?P<bounds>[^;]*)")


def lowest_versions(project: dict[str, object]) -> list[str]:
    """Return "name==version" of each requirement with a lower bound, runtime ones and those of the extras users take.

    Args:
        project: The table `[project]` of pyproject.toml.
    """
    extras = project["optional-dependencies"]
    chosen = [*project["dependencies"], *extras["encoders"], *extras["ray"], *extras["huggingface"]]  # type: ignore[misc, index]
    found = {}
    for requirement in chosen:
        match = _REQUIREMENT.match(requirement)
        bound = re.search(r"(?:>=|==)\s*([0-9][^,\s]*)", match["bounds"]) if match else None
        if match and bound:
            found[match["name"]] = bound[1]
    return [f"{name}=={version}" for name, version in sorted(found.items())]


if __name__ == "__main__":
    print("\n".join(lowest_versions(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"])))
