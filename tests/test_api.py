"""The packages that load their names on first use: what is typed, what is loaded and what is listed agree."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

import medcutmix_cli

ROOT = Path(medcutmix_cli.__file__).parent
LAZY = [path for path in sorted(ROOT.rglob("__init__.py")) if "_HOME = {" in path.read_text(encoding="utf-8")]


def package_of(path):
    return ".".join(path.parent.relative_to(ROOT.parent).parts)


def imported_for_types(path):
    """Return name -> module of the imports that only a type checker sees."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [entry for block in blocks for entry in block.body if isinstance(entry, ast.ImportFrom)]
    return {alias.name: entry.module for entry in imports for alias in entry.names}


def test_the_package_itself_is_among_them():
    assert ROOT / "__init__.py" in LAZY


@pytest.mark.parametrize("path", LAZY, ids=package_of)
def test_every_name_is_typed_loaded_and_listed_alike(path):
    package = import_module(package_of(path))
    listed = set(getattr(package, "__all__", package._HOME)) - {"__version__"}
    homes = package._HOME
    assert listed == set(homes) == set(imported_for_types(path))
    for name in listed:
        module = import_module(imported_for_types(path)[name])
        assert getattr(package, name) is getattr(module, name), name
