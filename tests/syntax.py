"""The package as syntax trees, parsed once in a process and only where a test asks: collecting tests parses nothing."""

import ast
from functools import cache
from pathlib import Path

import medcutmix_cli

PACKAGE = Path(medcutmix_cli.__file__).parent


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of one file; nobody changes it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def trees() -> dict[str, ast.Module]:
    """Return module -> its tree, in order of the paths below the package, as `reports/reader.py`."""
    return {path.relative_to(PACKAGE).as_posix(): tree(path) for path in sorted(PACKAGE.rglob("*.py"))}
