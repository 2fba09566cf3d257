import subprocess
import sys
from pathlib import Path

import pytest

from tools.commit_message import main, problems

ROOT = Path(__file__).resolve().parents[2]
GOOD = "Say what is done\n\nThis is why.\n"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(GOOD, id="subject-and-body"),
        pytest.param(f"{'x' * 72}\n\nWhy.", id="seventy-two-characters"),
        pytest.param(f"# of git\n\n{GOOD}# more\n", id="comments-are-left-out"),
        pytest.param(f"{GOOD}\nSigned-off-by: A\n", id="a-trailer-below-the-body"),
        pytest.param(f"{GOOD}# ------------------------ >8 ------------------------\ndiff.\n", id="a-diff"),
        pytest.param("Merge branch 'a'", id="a-merge"),
        pytest.param("fixup! Say what is done", id="a-fixup"),
    ],
)
def test_a_good_message_has_no_problem(message):
    assert list(problems(message)) == []


@pytest.mark.parametrize(
    ("message", "found"),
    [
        pytest.param("", ["the subject is empty", "there is no body: say why"], id="empty"),
        pytest.param(
            "# only comments\n", ["the subject is empty", "there is no body: say why"], id="comments"
        ),
        pytest.param(f"{'x' * 73}\n\nWhy.", ["the subject has 73 characters, 72 at most"], id="too-long"),
        pytest.param("Say it.\n\nWhy.", ["the subject ends with a full stop"], id="full-stop"),
        pytest.param("Say it", ["there is no body: say why"], id="no-body"),
        pytest.param("Say it\n\n# Why.\n", ["there is no body: say why"], id="a-body-of-comments"),
        pytest.param("Say it\n\nSigned-off-by: A\n", ["there is no body: say why"], id="a-body-of-trailers"),
        pytest.param(
            "Say it\nat length\n\nWhy.", ["the second line is not empty"], id="two-lines-of-subject"
        ),
    ],
)
def test_a_message_that_says_too_little_or_too_much_is_refused(message, found):
    assert list(problems(message)) == found


def test_the_hook_prints_what_is_wrong_and_fails(tmp_path, capsys):
    (tmp_path / "good").write_text(GOOD)
    (tmp_path / "bad").write_text("Say it.")
    assert main(str(tmp_path / "good")) == 0
    assert main(str(tmp_path / "bad")) == 1
    assert capsys.readouterr().err.splitlines() == [
        "commit message: the subject ends with a full stop",
        "commit message: there is no body: say why",
    ]


def test_git_refuses_the_commit_where_the_hook_is_installed(tmp_path):
    def git(*words):
        return subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    assert git("init").returncode == 0
    hook = tmp_path / ".git" / "hooks" / "commit-msg"
    hook.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tools.commit_message "$1"\n')
    hook.chmod(0o755)
    assert git("commit", "--allow-empty", "-m", "Say it").returncode != 0
    assert git("commit", "--allow-empty", "-m", "Say it", "-m", "Why.").returncode == 0
