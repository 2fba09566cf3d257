"""An error in a notebook reads as it does in the terminal."""

import ast
import errno
import json
import os
import re
import tomllib
import zipfile
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli import MedcutmixError, errors
from medcutmix_cli.commands.error_report import explain
from medcutmix_cli.errors import DatasetError, ImageError, UsageError, cause
from medcutmix_cli.reports.lexicon import finding_ids
from tests import syntax


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(UsageError("no such split", hint="train"), id="without-a-place"),
        pytest.param(DatasetError("it is gone", where="/data", hint="mount it"), id="whole"),
        pytest.param(ImageError("it is torn", where="a.png", reason="image-truncated"), id="without-a-hint"),
        pytest.param(MedcutmixError("two\nlines"), id="two-lines"),
    ],
)
def test_a_notebook_shows_the_lines_of_the_terminal(capsys, error):
    explain(error, debug=False)
    printed = [line.strip() for line in capsys.readouterr().err.splitlines()]
    shown = [line.strip() for text in error._render_traceback_() for line in text.splitlines()]
    assert shown == printed


def test_what_a_notebook_shows_cannot_steer_it():
    assert MedcutmixError("a\x1b[31mb")._render_traceback_() == ["error: a\ufffd[31mb"]


def test_an_error_of_the_api_is_one_that_can_be_caught_by_its_name(tmp_path):
    with pytest.raises(medcutmix_cli.MedcutmixError) as caught:
        medcutmix_cli.Run(tmp_path / "nowhere")
    assert caught.value._render_traceback_()[0] == "error: there is no such file or folder"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("efusion", "pleural_effusion"),
        ("pleural effusion", "pleural_effusion"),
        ("Pleural-Effusion", "pleural_effusion"),
        ("neumothorax", "pneumothorax"),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_is_proposed_by_its_words_too(typed, meant):
    assert errors.nearest(typed, finding_ids()) == (f"did you mean {meant!r}?" if meant else "")


def test_a_file_that_is_not_there_is_not_said_to_be_unreadable():
    assert errors.unreadable("the table", FileNotFoundError()) == "the table does not exist"
    assert errors.unreadable("the table", PermissionError()) == "the table cannot be read (permission denied)"
    for code, words in ((errno.EACCES, "permission denied"), (errno.EISDIR, "is a directory")):
        told = errors.unreadable("the table", OSError(code, os.strerror(code)))
        assert told == f"the table cannot be read ({words})"


PACKAGE = Path(medcutmix_cli.__file__).parent
SAYS_WHAT_IS_RIGHT = re.compile(
    r"\bmust\b|\bnot\b|\bnone of\b|at least|numbered 0 to|needs an?\b|is of the grid|has that grid|has a grid_h|"
    r"leave nobody|\bbelow$"
)
"""How a message words what is asked for: whoever reads it knows what to type."""

OTHERWISE = {"ImageError": "its reason has a hint", "Interruption": "the same command goes on"}


def constructed():
    """Yield (place, class, message as it is written, whether something to try is said) of every error that is made."""
    classes = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, MedcutmixError) and name not in OTHERWISE
    }
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(syntax.tree(path)):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if name in classes and node.args:
                named = {word.arg for word in node.keywords}
                message = ast.unparse(node.args[0]).strip("'\"")
                yield (
                    f"{path.relative_to(PACKAGE)}:{node.lineno}",
                    name,
                    message,
                    bool({"hint", None} & named),
                )


def test_every_error_says_what_to_try_or_what_is_right():
    made = list(constructed())
    assert len(made) > 300
    silent = [
        (place, message)
        for place, name, message, tried in made
        if not tried and not (name in ("UsageError", "EncoderError") and SAYS_WHAT_IS_RIGHT.search(message))
    ]
    assert silent == []


CLASS_NAMED = {"testing/contract.py", "system/unexpected_errors.py", "cluster/ray_workers.py"}
"""Where a developer is told the class of an error, or it is turned into words."""


def test_no_message_names_the_class_of_an_error():
    package = Path(medcutmix_cli.__file__).parent
    named = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "type(error).__name__" in path.read_text()
    }
    assert named <= CLASS_NAMED


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied"), "permission denied"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "secret"), "it is not UTF-8"),
        (json.JSONDecodeError("secret", "secret", 0), "it is no JSON"),
        (tomllib.TOMLDecodeError("secret"), "it is no TOML"),
        (KeyError("secret"), "a part of it is missing"),
        (zipfile.BadZipFile("secret"), "it is damaged, or of another kind"),
        (ModuleNotFoundError("secret"), "a library it needs is missing"),
        (OSError("secret"), "it is damaged, or of another kind"),
    ],
)
def test_the_cause_of_an_error_is_said_in_words_and_quotes_nothing(error, said):
    assert cause(error) == said
