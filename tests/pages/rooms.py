"""The map of the package: the floors of the import contract, and what each room says of itself."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.pages.markdown import code, table

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "medcutmix_cli"


def floors() -> list[str]:
    """Return the floors of the contract, highest first, as they are written: siblings between bars."""
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    (contract,) = tools["importlinter"]["contracts"]
    assert contract["exhaustive"]
    assert contract["containers"] == [PACKAGE.name]
    return list(contract["layers"])


def rooms() -> Iterator[tuple[str, str]]:
    """Yield (floor, folder or module), from the top down; the package itself knows all floors."""
    yield "", "__init__"
    for number, floor in zip(range(len(floors()), 0, -1), floors(), strict=True):
        for name in re.split("[|:]", floor):
            yield str(number), name.strip()


def purpose(name: str) -> str:
    """Return the first line of a room's docstring."""
    path = PACKAGE / name / "__init__.py"
    module = path if path.is_file() else PACKAGE / f"{name}.py"
    return (ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def room_map() -> str:
    """Return the map: a line a room."""
    lines = ((floor, code(_written(name)), purpose(name)) for floor, name in rooms())
    return table(("floor", "room", "what it is for"), lines)


def _written(name: str) -> str:
    return f"{name}/" if (PACKAGE / name).is_dir() else f"{name}.py"
