"""Names of the package: nouns for classes and modules, verbs for functions, one meaning for a name."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli import terminal
from medcutmix_cli.configuration.registry import GROUPS, names
from tests import syntax

ROOT = Path(medcutmix_cli.__file__).parent
PARTICIPLE = re.compile(
    r"(?!embed$|need$|feed$|seed$|speed$)[A-Za-z]+ed"
    r"|said|told|tried|seen|taken|kept|given|made|done|found|held|sent|shown|known|begun|gone|lost|met|built|drawn"
    r"|chosen|thrown|written|spoken|worn|left|meant|felt|brought|bought|caught|taught|thought|sought|hidden|broken"
    r"|grown|fallen|eaten|driven|risen|forgotten|sold|stood|understood|paid|laid|led|won",
    re.IGNORECASE,
)
"""A bare participle; what is also a noun or a verb ("cut", "set", "read", "split") is none."""

REGISTERED = {re.sub(r"[^a-z]", "", name) for kind in GROUPS for name in names(kind)}
"""Names of parts, which users type: their classes and modules are named after them."""


def is_participle(name):
    plain = name.replace("_", "").lower()
    return not name.startswith("_") and PARTICIPLE.fullmatch(name) and plain not in REGISTERED


def is_property(node):
    names = {d.id if isinstance(d, ast.Name) else getattr(d, "attr", "") for d in node.decorator_list}
    return bool(names & {"property", "cached_property"})


def defined(tree):
    """Yield the names of classes, functions and methods (no properties: they are adjectives) of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(inner, ast.FunctionDef) and not is_property(inner):
                yield inner.name


def test_no_class_name_is_used_twice():
    classes = Counter(
        node.name
        for tree in syntax.trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, times in classes.items() if times > 1] == []


def test_no_public_class_or_function_is_a_bare_participle():
    found = {
        (module, name)
        for module, tree in syntax.trees().items()
        for name in defined(tree)
        if is_participle(name)
    }
    assert found == set()


def test_no_module_is_named_by_a_bare_participle():
    found = {(module, Path(module).stem) for module in syntax.trees() if is_participle(Path(module).stem)}
    assert found == set()


@pytest.mark.parametrize("name", ["said", "Tried", "pooled", "chosen", "combined"])
def test_a_participle_is_seen(name):
    assert is_participle(name)


@pytest.mark.parametrize(
    "name", ["read", "Cut", "embed", "choose", "Precomputed", "_pooled", "seed", "read_state"]
)
def test_a_verb_a_noun_or_the_name_of_a_part_is_none(name):
    assert not is_participle(name)


def test_a_property_may_be_an_adjective():
    tree = ast.parse("class Run:\n @property\n def kept(self): ...\n def told(self): ...\n")
    assert list(defined(tree)) == ["Run", "told"]


@pytest.mark.parametrize("package", [medcutmix_cli, terminal], ids=lambda package: package.__name__)
def test_a_name_that_is_loaded_when_it_is_asked_for_is_there(package):
    assert [name for name in package._HOME if not hasattr(package, name)] == []
