import os
import platform
import subprocess
import sys

import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.system import temporary_files as temporaries
from medcutmix_cli.system.atomic_files import publish, write_text
from medcutmix_cli.system.temporary_files import UNTOUCHED, owner, remove_own, temporary_beside


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "out")
    made.create()
    return made


@pytest.fixture(scope="module")
def dead():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_behind(folder, end, age=0.0):
    """Write what another process left, last touched `age` seconds ago."""
    path = folder.root / "data" / f".part-00000.parquet.{end}"
    path.write_text("half")
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


HOST = platform.node()
HERE = owner(1).removeprefix(f"{HOST}.").removesuffix(".1.tmp")
ELSEWHERE = f"{HERE.split('-')[0]}-4026539999"
WRITERS = [
    pytest.param(HOST, HERE, "dead", 0, False, id="ended-here"),
    pytest.param(HOST, HERE, "alive", 0, True, id="alive-here"),
    pytest.param("another-node", HERE, "dead", 0, True, id="another-node"),
    pytest.param(HOST, ELSEWHERE, "dead", 0, True, id="another-container-of-the-same-name"),
    pytest.param(HOST, "0badcafe-4026531836", "dead", 0, True, id="another-machine-of-the-same-name"),
    pytest.param("another-node", HERE, "dead", UNTOUCHED + 60, False, id="another-node-hours-ago"),
    pytest.param(HOST, ELSEWHERE, "dead", UNTOUCHED + 60, False, id="another-container-hours-ago"),
    pytest.param(HOST, HERE, "alive", UNTOUCHED + 60, False, id="a-number-that-was-given-away-again"),
    pytest.param("another-node", HERE, "dead", UNTOUCHED - 60, True, id="another-node-not-long-enough-ago"),
]


@pytest.mark.parametrize(("host", "machine", "pid", "age", "stays"), WRITERS)
def test_only_what_nobody_writes_is_removed(folder, dead, host, machine, pid, age, stays):
    number = dead if pid == "dead" else os.getppid()
    left = left_behind(folder, f"{host}.{machine}.{number}.tmp", age)
    folder.clean_temporaries()
    assert left.exists() is stays
    assert not list(folder.root.rglob("*clock*"))


@pytest.mark.parametrize(
    ("host", "machine", "mine", "told"),
    [
        (HOST, HERE, False, True),
        (HOST, HERE, True, False),
        ("another-node", HERE, False, False),
        (HOST, ELSEWHERE, False, False),
    ],
)
def test_a_run_is_written_here_while_another_process_of_this_machine_has_a_file_under_way(
    folder, host, machine, mine, told
):
    assert not folder.is_written_here()
    left_behind(folder, f"{host}.{machine}.{os.getpid() if mine else os.getppid()}.tmp")
    assert folder.is_written_here() is told


def test_age_is_told_by_the_clock_that_wrote_the_times(folder, monkeypatch):
    left = left_behind(folder, "another-node.0-0.1.tmp")
    monkeypatch.setattr(temporaries, "_clock", lambda _folder: left.stat().st_mtime + UNTOUCHED + 1)
    folder.clean_temporaries()
    assert not left.exists()


def test_what_this_process_writes_stays_and_what_its_number_left_goes(folder):
    target = folder.root / "data" / "part-00000.parquet"
    with temporary_beside(target) as ours:
        ours.write_text("half")
        folder.clean_temporaries()
        assert ours.exists()
    left = left_behind(folder, owner(os.getpid()))
    folder.clean_temporaries()
    assert not left.exists()


def test_files_with_other_names_are_left_alone(folder):
    notes = folder.root / "data" / ".notes.tmp"
    notes.write_text("precious")
    os.utime(notes, (0, 0))
    folder.clean_temporaries()
    assert notes.exists()


def test_a_writer_whose_file_was_taken_away_is_told_and_can_go_on(folder):
    target = folder.root / "data" / "part-00000.parquet"

    def write():
        with publish(target) as temporary:
            temporary.write_text("half")
            temporary.unlink()

    with pytest.raises(RunError, match="removed by somebody else") as caught:
        write()
    assert "run the same command again" in caught.value.hint
    write_text(target, "whole")
    assert target.read_text() == "whole"


def test_a_process_that_does_not_unwind_can_take_its_files_along(folder):
    with (
        temporary_beside(folder.root / "file.json") as file,
        temporary_beside(folder.root / "tree.d") as tree,
    ):
        file.write_text("half")
        (tree / "inside").mkdir(parents=True)
        remove_own()
        assert not file.exists()
        assert not tree.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a PID namespace")
def test_a_living_writer_in_another_container_is_not_taken_for_dead(folder):
    code = (
        "import sys, time; from pathlib import Path; from medcutmix_cli.system.atomic_files import publish\n"
        "with publish(Path(sys.argv[1])) as half:\n"
        "    half.write_text('half'); print('ready', flush=True); sys.stdin.readline()"
    )
    target = folder.root / "data" / "part-00000.parquet"
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", code, str(target)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        if process.stdout.readline() != "ready\n":
            pytest.skip("this machine does not let a test make a PID namespace")
        folder.clean_temporaries()
        process.communicate("go on\n", timeout=20)
    assert process.returncode == 0
    assert target.read_text() == "half"
