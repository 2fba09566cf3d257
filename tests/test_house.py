"""The house: its map in CONTRIBUTING, the contract in pyproject.toml, the tree, and the size of what is in it."""

import ast
import re
import statistics
import tomllib
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from tests import syntax

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "medcutmix_cli"
TESTS = ROOT / "tests"
MAP = (
    (ROOT / "CONTRIBUTING.md")
    .read_text(encoding="utf-8")
    .partition("## Where things are")[2]
    .partition("\n## ")[0]
)
ROOMS = re.findall(r"^\| (\d*) \| `([\w.]+/?)` \| (.+) \|$", MAP, flags=re.MULTILINE)
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "contracts"
][0]
IN_ROOMS = sorted(
    path for path in TESTS.rglob("test_*.py") if path.parent not in (TESTS, TESTS / "end_to_end")
)
LONGEST, MOST_PARAMETERS, USUAL = 40, 12, 14


@dataclass(frozen=True)
class Function:
    """A function of the package, with the lines of its body without the docstring."""

    place: str
    lines: int
    parameters: int

    @property
    def too_large(self):
        return self.lines > LONGEST or self.parameters > MOST_PARAMETERS


def functions(tree, place):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            given = node.args
            count = len([*given.posonlyargs, *given.args, *given.kwonlyargs])
            yield Function(f"{place}:{node.name}", lines, count)


def all_functions():
    return [function for place, tree in syntax.trees().items() for function in functions(tree, place)]


def in_the_tree():
    folders = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    return sorted(folders | {path.name for path in PACKAGE.glob("*.py")})


def test_every_folder_and_root_module_is_on_the_map_exactly_once():
    assert sorted(name for _floor, name, _purpose in ROOMS) == in_the_tree()


def test_every_folder_of_the_package_is_a_package():
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_the_floors_of_the_map_are_those_of_the_contract():
    numbered = [(int(floor), re.sub(r"(\.py|/)$", "", name)) for floor, name, _purpose in ROOMS if floor]
    drawn = [
        [name for _floor, name in rooms] for _floor, rooms in groupby(numbered, key=lambda room: room[0])
    ]
    assert drawn == [re.split(r" *\| *", floor) for floor in CONTRACT["layers"]]
    assert sorted({floor for floor, _name in numbered}, reverse=True) == list(range(len(drawn), 0, -1))


def test_rooms_on_one_floor_know_nothing_of_each_other():
    assert not [floor for floor in CONTRACT["layers"] if ":" in floor]  # `|` forbids what `:` would allow
    assert (CONTRACT["type"], CONTRACT["exhaustive"]) == ("layers", True)
    assert set(CONTRACT) == {"name", "type", "containers", "exhaustive", "layers"}  # no import is excused


def test_the_root_holds_ten_modules_at_most():
    assert len([name for name in in_the_tree() if name.endswith(".py")]) <= 10


@pytest.mark.parametrize("path", IN_ROOMS, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_a_test_file_is_named_after_what_it_tests(path):
    room = path.parent.relative_to(TESTS)
    home = ROOT if room.parts[0] in ("tools", "examples") else PACKAGE
    module = home / room / path.stem.removeprefix("test_")
    assert module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()


def test_bodies_are_paragraphs():
    lines = sorted(function.lines for function in all_functions())
    assert len(lines) > 1000
    assert statistics.median(lines) <= 4
    assert lines[int(0.9 * len(lines))] <= USUAL


def test_no_body_is_over_40_lines_and_no_function_takes_more_than_12_parameters():
    assert {function.place for function in all_functions() if function.too_large} == set()


def test_long_bodies_and_many_parameters_are_seen():
    body = "".join(f"    a{n} = {n}\n" for n in range(41))
    names = ", ".join(f"p{n}" for n in range(10))
    source = f'def f():\n    """Say."""\n{body}\ndef g(x, y, *, {names}, z): ...\ndef h(*a, **b): ...\n'
    found = list(functions(ast.parse(source), "m.py"))
    assert found == [Function("m.py:f", 41, 0), Function("m.py:g", 1, 13), Function("m.py:h", 1, 0)]
    assert [function.too_large for function in found] == [True, True, False]


CLOCKS = re.compile(
    r"\b(?:gzip\.compress\((?!.*mtime)|time\.time|datetime\.now|date\.today|uuid\d?\.|random\.)"
)


def decorations(text):
    """Yield the lines of every decorator of a function: what names of tests are made of."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield from ("\n".join(lines[one.lineno - 1 : one.end_lineno]) for one in node.decorator_list)


def test_no_name_of_a_test_hangs_on_the_clock():
    """Each process collects for itself, and all must find the same: a gzip file holds the second it was made in."""
    said = [
        f"{path.relative_to(ROOT)}: {decorator[:80]}"
        for path in sorted(TESTS.rglob("test_*.py"))
        if CLOCKS.search(text := path.read_text(encoding="utf-8"))
        for decorator in decorations(text)
        if any(CLOCKS.search(line) and "id=" not in line for line in decorator.splitlines())
    ]
    assert said == []


def test_a_name_that_hangs_on_the_clock_is_seen():
    text = "@pytest.mark.parametrize('given', [gzip.compress(b'x')])\ndef test_it(given): ...\n"
    assert any(CLOCKS.search(decorator) for decorator in decorations(text))
    assert not any(CLOCKS.search(one) for one in decorations(text.replace("'x'", "'x', mtime=0")))


def fixtures_of(tree):
    """Return the fixtures that a test file declares, each with the names that it asks for."""
    return {
        node.name: {argument.arg for argument in node.args.args}
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any("fixture" in ast.unparse(one) for one in node.decorator_list)
    }


def unmet_fixtures(tree, others):
    """Yield the fixtures that imported ones ask for and that did not come along; `others` is module -> tree."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module in others:
            there = fixtures_of(others[node.module])
            taken = {name.name for name in node.names}
            yield from (
                need for name in taken for need in there.get(name, ()) if need in there.keys() - taken
            )


def test_who_imports_a_fixture_imports_what_it_asks_for():
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): syntax.tree(path)
        for path in sorted(TESTS.rglob("*.py"))
    }
    assert any(fixtures_of(tree) for tree in files.values())
    assert {name: found for name, tree in files.items() if (found := [*unmet_fixtures(tree, files)])} == {}


def test_a_fixture_that_did_not_come_along_is_seen():
    there = ast.parse("@pytest.fixture\ndef a(tmp_path): ...\n\n@pytest.fixture()\ndef b(a, tmp_path): ...\n")
    tree = ast.parse("from tests.there import b\n")
    assert [*unmet_fixtures(tree, {"tests.there": there})] == ["a"]
    assert not [*unmet_fixtures(ast.parse("from tests.there import a, b"), {"tests.there": there})]
