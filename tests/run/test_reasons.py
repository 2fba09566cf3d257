"""Every reason has a line, and no line is of a reason that there is not."""

import ast
import re
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli.errors import UsageError
from medcutmix_cli.run.reasons import find_reason, reasons
from tests import syntax
from tests.run.test_hints import named_reasons

PACKAGE = Path(medcutmix_cli.__file__).parent
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
NAMES = [reason.name for reason in reasons()]


def problems():
    """Return the names given as `reason=` or `problem=`, or to a `Drop`."""
    found = set(re.findall(r'(?:reason|problem)="([a-z]+(?:-[a-z]+)+)"', SOURCE))
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(syntax.tree(path)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Drop" and len(node.args) == 3:
                found |= {n.value for n in ast.walk(node.args[2]) if isinstance(n, ast.Constant) and n.value}
    return {name for name in found if isinstance(name, str)}


COUNTED = (
    "planning/*.py",
    "run/refill.py",
    "rendering/*.py",
    "encoders/runtime.py",
    "evaluation/mixes.py",
    "exports/**/*.py",
)
OTHER_NAMES = {"as-many"}


def counted():
    """Return what is kept under a name of its own, noted, or refused by a profile, where things are counted."""
    found = set()
    for path in sorted(path for pattern in COUNTED for path in PACKAGE.glob(pattern)):
        tree = syntax.tree(path)
        told = [node.value for node in tree.body if isinstance(node, ast.Assign)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
                "note",
                "_note",
            ):
                told += node.args
            if isinstance(node, ast.FunctionDef) and node.name == "refuse":
                told += [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
        constants = (c.value for value in told for c in ast.walk(value) if isinstance(c, ast.Constant))
        found |= {c for c in constants if isinstance(c, str) and re.fullmatch("[a-z]+(-[a-z]+)+", c)}
    return found - OTHER_NAMES


def test_whatever_is_counted_under_a_name_has_a_line():
    named = counted()
    assert {"for-rejected", "reserve-unfit", "batch-halved", "caption-empty", "row-as-it-is"} <= named
    for name in sorted(named):
        assert find_reason(name).advice, name


def critic_rules():
    """Return the names of the critic's rules, from its modules."""
    text = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "reports/critic").glob("*.py"))
    return set(re.findall(r'"((?:came|departed|shape|story)-[a-z-]+)"', text))


def test_every_reason_that_the_code_names_has_a_line():
    named = named_reasons() | problems()
    assert len(named) > 60
    for name in sorted(named):
        assert find_reason(name).what, name


def test_every_rule_of_the_critic_has_a_line_and_every_line_a_rule():
    told = {name.removeprefix("critic-") for name in NAMES if name.startswith("critic-")}
    assert critic_rules() == told


def test_no_line_is_of_a_reason_that_the_code_does_not_know():
    unknown = [name for name in NAMES if name.removeprefix("critic-") not in SOURCE]
    assert unknown == []


def test_every_line_is_one_sentence_and_each_name_there_once():
    assert len(set(NAMES)) == len(NAMES) > 120
    for reason in reasons():
        assert re.fullmatch(r"[A-Z\"].*\.|.*\)\.", reason.what), reason.name
        assert reason.why.endswith(".")
        assert reason.advice


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("view-unknown", "view-unknown"),
        ("split-not-mixed:test", "split-not-mixed"),
        ("mask:recipient-mask-too-small", "mask-too-small"),
        ("image:image-missing", "image-missing"),
        ("donor-device-pasted", "device-pasted"),
        ("nothing-to-edit-in-impression", "nothing-to-edit"),
        ("recipient-is-not-normal", "recipient-is-not-normal"),
    ],
)
def test_a_reason_is_found_as_it_is_counted(typed, name):
    assert find_reason(typed).name == name


def test_an_unknown_reason_that_is_like_none_is_told_where_all_are():
    with pytest.raises(UsageError) as caught:
        find_reason("xyz")
    assert str(caught.value) == "there is no reason 'xyz' | `medcutmix reasons` lists all"


def test_an_unknown_reason_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'view-unknown'"):
        find_reason("view-unknwn")
