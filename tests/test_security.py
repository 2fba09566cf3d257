"""SECURITY.md promises; each line names the test that proves it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
LINES = [
    line
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(("| promise |", "|---"))
]
PROOF = re.compile(r"\| `(tests/[\w/]+\.py)` `(test_\w+)` \|$")


def names_in(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[2:40])
def test_each_promise_is_proved_by_a_test_that_exists(line):
    proof = PROOF.search(line)
    assert proof is not None, "| promise | `tests/file.py` `test_name` |"
    assert proof[2] in names_in(proof[1])


def test_there_are_promises_and_what_is_none():
    assert len(LINES) > 20
    assert "## What is not promised" in TEXT


def test_placeholders_of_models_are_named():
    assert "placeholder" in TEXT
    assert "en-core-sci-md" in TEXT
