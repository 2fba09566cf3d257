"""What a run must stand: closed streams, few files, little memory, odd environments, a second run beside it."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import medcutmix_cli
from tests.half_written import stop_writer
from tests.memory_group import children, memory_group, reap
from tests.trees import output_bytes, write_manifest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "medcutmix_cli.main")
PLENTY = 3 << 29


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """Return a plan of several shards."""
    folder = tmp_path_factory.mktemp("faults")
    few = {"gate": "none", "align": "none", "shard_size": 2}
    medcutmix_cli.write_sample(folder / "in", studies=40, height=256, seed=2, workers=2)
    medcutmix_cli.plan(folder / "in", folder / "planned", encoder="bundled", **few)
    return folder / "planned"


@pytest.fixture(scope="module")
def expected(planned):
    """Return the bytes of an undisturbed run."""
    run = shutil.copytree(planned, planned.with_name("undisturbed"))
    status = medcutmix_cli.render(run)
    assert status.mixed
    assert status.rejected
    return output_bytes(run)


@pytest.fixture
def run(planned, tmp_path):
    return shutil.copytree(planned, tmp_path / "run")


def shell(line, *arguments, **how):
    """Run a line of bash; "$@" in it is the program with its arguments."""
    return subprocess.run(
        ["bash", "-c", line, "bash", *PROGRAM, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        **how,
    )


FUTURE, LONG_AGO = (f'find "$5" -exec touch -d {year}-01-01 {{}} +; ' for year in (2099, 1971))

# What has nothing to do with each other shares a run: each costs what the program costs to start.
SURROUNDINGS = [
    pytest.param('ulimit -n 64; exec "$@" 0<&-', id="stdin-closed-and-64-files"),
    pytest.param(FUTURE + 'exec "$@" 1>&-', id="stdout-closed-and-files-of-the-future"),
    pytest.param(LONG_AGO + 'exec "$@" 2>&-', id="stderr-closed-and-files-of-long-ago"),
    pytest.param('ulimit -v 4000000; exec "$@" 0<&- 1>&- 2>&-', id="all-closed-and-4-GB-of-addresses"),
    pytest.param('umask 000; exec env -i PATH="$PATH" LANG=C LC_ALL=C "$@"', id="C-no-home-and-open-umask"),
    pytest.param(
        'umask 777; exec env HOME=/nonexistent TMPDIR=/nonexistent "$@"',
        id="no-tmp-and-umask-that-lets-nobody",
    ),
    pytest.param('exec env PYTHONOPTIMIZE=2 "$@"', id="without-assert"),
]


@pytest.mark.parametrize("line", SURROUNDINGS)
def test_a_run_ends_with_the_same_bytes(run, expected, line):
    done = shell(line, "render", run)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert output_bytes(run) == expected


def test_checks_are_no_asserts(planned, expected, tmp_path):
    run = shutil.copytree(planned.with_name("undisturbed"), tmp_path / "run")
    assert output_bytes(run) == expected
    shard = sorted((run / "data").glob("*.parquet"))[0]
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(bytes(content))
    done = shell('exec env PYTHONOPTIMIZE=2 "$@"', "verify", run)
    assert done.returncode == 4, done.stderr


def test_too_little_address_space_is_one_clear_error(run):
    done = shell('ulimit -v 1500000; exec "$@"', "render", run, "-q")
    assert done.returncode == 1
    assert "ulimit -v" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def begin():
    """Return what starts a run; what a failed test leaves running is ended, so that it warns in no other test."""
    started = []

    def start(run, *more):
        words = [*PROGRAM, "render", str(run), "-q", *more]
        started.append(subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        reap(process)


def test_two_runs_on_one_folder_end_with_the_same_bytes(begin, run, expected):
    both = [begin(run), begin(run)]
    said = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert output_bytes(run) == expected


def half_written(run, process):
    """Stop a run in the middle of a shard; return whether it had one under way."""
    while process.poll() is None:
        for path in run.glob("data/.part-*.tmp"):
            if stop_writer(path):
                return True
        time.sleep(0.005)
    return False


def test_a_run_that_is_suspended_holds_up_no_other_and_does_no_harm_when_it_goes_on(begin, run, expected):
    first = begin(run)
    assert half_written(run, first), "it was over before it could be stopped"
    second = begin(run)
    try:
        said = second.communicate(timeout=300)[1]
        assert second.returncode == 0, said
        own = f".{first.pid}.tmp"  # it lives: nobody removes what it has under way
        there = {name: content for name, content in output_bytes(run).items() if not name.endswith(own)}
        assert there == expected
    finally:
        os.kill(first.pid, signal.SIGCONT)
        said = first.communicate(timeout=300)[1]
    assert first.returncode == 0, said
    assert output_bytes(run) == expected


@pytest.fixture
def group(request):
    with memory_group(request.node.name[:40].replace("[", "-")) as made:
        if made is None:
            pytest.skip("this machine does not let a test limit memory by a control group")
        yield made


def size(pid):
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


def child_of(process, name, large=0):
    """Wait for a child of a process whose command names something and which is large; return its id."""
    while process.poll() is None:
        for pid in children(process.pid):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                if name in Path(f"/proc/{pid}/cmdline").read_text() and size(pid) > large:
                    return pid
        time.sleep(0.005)
    raise AssertionError(f"no {name}: {process.communicate()[1]}")


def end_of_one(process, group):
    """Wait for the end of a process; skip where the kernel has ended another one beside the one that was meant."""
    ended = end_of(process)
    if group.killed() > 1:
        pytest.skip("the kernel has ended another process of the group as well")
    return ended


def end_of(process):
    said = process.communicate(timeout=300)[1]
    return process.returncode, " ".join(said.split())


def test_a_run_that_was_ended_for_memory_goes_on_to_the_same_bytes(group, run, expected):
    group.restrict(PLENTY)
    process = group.start([*PROGRAM, "render", str(run), "-q"], cwd=ROOT)
    child_of(process, "decoder_process")
    group.use_up(process.pid)
    assert end_of_one(process, group)[0] == -9
    assert group.killed() == 1
    assert medcutmix_cli.render(run).mixed
    assert output_bytes(run) == expected


def test_a_decoder_that_is_ended_for_memory_costs_no_picture(group, run, expected):
    group.restrict(PLENTY)
    process = group.start([*PROGRAM, "render", str(run), "-q"], cwd=ROOT)
    group.use_up(child_of(process, "decoder_process", 40 << 20))
    assert end_of_one(process, group)[0] == 0
    assert group.killed() == 1
    assert output_bytes(run) == expected


def test_a_worker_that_is_ended_for_memory_is_said_to_be_that(group, tmp_path):
    source = write_manifest(tmp_path / "in", studies=1200)
    group.restrict(PLENTY)
    words = ["plan", str(source), str(tmp_path / "run"), "--encoder", "bundled", "--workers", "2"]
    process = group.start([*PROGRAM, *words], cwd=ROOT)
    group.use_up(child_of(process, "spawn_main", 100 << 20))
    code, said = end_of_one(process, group)
    assert code == 1
    assert "was killed by the system, which had no memory left (out-of-memory killer)" in said
    assert "fewer --workers, or more memory" in said
    assert "Traceback" not in said
