"""An error in a notebook reads as it does in the terminal."""

import pytest

import medcutmix_cli
from medcutmix_cli import MedcutmixError
from medcutmix_cli.commands.error_report import explain
from medcutmix_cli.errors import DatasetError, ImageError, UsageError


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
