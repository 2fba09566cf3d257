"""What is a patient's is where it belongs and nowhere else: every command, once and where it fails, on canaries.

`HOLDERS` is the whole list of what may hold a patient's text, id or file name; all else is scanned.
"""

import json
import os
import stat
import subprocess
import sys
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

import pytest

from medcutmix_cli.main import command_line
from tests.canaries import FILE, HEADER, KINDS, NAME, PATIENT, TEXT, found_in
from tests.sockets import can_forbid

ROOT = Path(__file__).resolve().parents[2]

HOLDERS = {
    "run*/plan.parquet": {TEXT, PATIENT, FILE},
    "run*/reserve.parquet": {TEXT, PATIENT, FILE},
    "run*/data/part-*.parquet": {TEXT, PATIENT, FILE},
    "embedded.parquet": {FILE},
    "exports/*/train.*": {TEXT, PATIENT, FILE},
    "exports/webdataset/train-*.tar": {TEXT, PATIENT, FILE},
    "exports/*/SHA256SUMS": {FILE},
    "sections.csv": {TEXT},
    "page_files/pairs-*.js": {TEXT, PATIENT},
    "said/inspect.out": {TEXT, PATIENT, FILE},
    "said/read.out": {TEXT},
    "said/read-argument.out": {TEXT},
    "said/attend-broken.err": {FILE},
}
"""File of the calls -> what it may hold, by design; `said/` is what a command prints. The rest holds nothing."""

OURS = ("set/*", "boxed/*", "broken/*", "boxes.csv", "texts.csv", "damaged/*", "watched.json")
"""What the test writes itself."""


def commands():
    """Return the words of every command that the program has."""

    def below(command, words):
        inner = getattr(command, "commands", None)
        if inner is None:
            return {words}
        return {found for name, one in inner.items() for found in below(one, (*words, name))}

    return below(command_line(), ())


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Make all calls; return the folder and what was seen."""
    folder = tmp_path_factory.mktemp("canaries")
    temporary = folder / "tmp"
    temporary.mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-m", "tests.canary_runs", folder],
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT / "tests" / "breaking")},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode != -31, "a socket was opened"
    assert done.returncode == 0, done.stderr
    return folder, json.loads((folder / "watched.json").read_text())


def files(folder):
    """Return the files that commands left, by their path below the folder."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path for name, path in found.items() if not any(fnmatch(name, ours) for ours in OURS)}


def allowed(name):
    return {kind for pattern, kinds in HOLDERS.items() if fnmatch(name, pattern) for kind in kinds}


def test_every_command_is_called(calls):
    _, seen = calls
    words = list(seen["commands"].values())
    missing = {" ".join(command) for command in commands() if not any(_has(line, command) for line in words)}
    assert missing == set()


def _has(line, command):
    plain = [word for word in line if not word.startswith("-")]
    return tuple(plain[: len(command)]) == command


def test_the_calls_end_as_they_should(calls):
    folder, seen = calls
    wrong = {
        name: (folder / "said" / f"{name}.err").read_text(errors="replace")
        for name, code in seen["wanted"].items()
        if seen["codes"][name] != code
    }
    assert wrong == {}


@pytest.mark.skipif(not can_forbid(), reason="this system cannot forbid sockets")
def test_no_process_opened_a_socket(calls):
    _, seen = calls
    assert [name for name, code in seen["codes"].items() if code < 0] == []


def test_what_is_a_patients_is_nowhere_but_where_it_belongs(calls):
    folder, _ = calls
    found = {name: found_in(path) - allowed(name) for name, path in files(folder).items()}
    assert {name: kinds for name, kinds in found.items() if kinds} == {}


def test_no_name_of_a_file_says_more_than_a_file_of_the_data_set_does(calls):
    folder, _ = calls
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    assert [name for name in names if any(kind in name for kind in set(KINDS) - {FILE})] == []


@pytest.mark.parametrize("pattern", HOLDERS)
def test_what_may_hold_it_does(calls, pattern):
    folder, _ = calls
    held = defaultdict(set)
    for name, path in files(folder).items():
        if fnmatch(name, pattern):
            held[pattern] |= found_in(path)
    assert held[pattern] == HOLDERS[pattern]


def test_nothing_of_a_header_or_of_a_column_without_a_role_is_kept_anywhere():
    assert not any(kinds & {HEADER, NAME} for kinds in HOLDERS.values())


def test_other_users_see_nothing_of_the_processes_and_their_files(calls):
    _, seen = calls
    assert seen["looks"] > 50
    assert seen["seen"] == []


def test_runs_exports_and_pages_are_their_owners_alone(calls):
    folder, _ = calls
    private = [*folder.glob("run*"), folder / "exports"]
    paths = [path for top in private for path in (top, *top.rglob("*"))]
    paths += [folder / name for name in ("page.html", "sections.csv", "embedded.parquet", "map.png")]
    wide = {
        str(path): oct(path.stat().st_mode) for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077
    }
    assert wide == {}


def test_nothing_is_left_among_the_temporary_files(calls):
    folder, _ = calls
    assert [path for path in (folder / "tmp").rglob("*") if path.is_file()] == []


def test_core_dumps_are_off(calls):
    assert calls[1]["core"] == 0
