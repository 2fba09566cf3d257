"""The short form of tests/interruptions.py, and what a pool of reading processes does when its parent goes."""

import os
import random
import signal
import sys
import time

import pytest

from medcutmix_cli.errors import MedcutmixError
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.worker_pool import map_in_processes
from tests.interruptions import (
    WAYS,
    Trial,
    bytes_of,
    check_completed,
    finish,
    interrupted,
    prepared,
    processes_of,
    send,
)
from tests.trees import write_manifest


@pytest.fixture(scope="module")
def toy():
    with prepared(toy=True, studies=40, again=False) as made:
        yield made


def test_runs_interrupted_at_random_leave_nothing_half_written_and_end_with_the_same_bytes(toy):
    trial, folder = toy
    rng = random.Random(int(os.environ.get("INTERRUPTIONS_SEED", "5")))
    ways = ["KILL", "TERM", "INT to all", "KILL", "USR1", "TERM to all"]
    for way, moment in zip(ways, ("start", "plan", "shard", "shard", "shard", "start"), strict=True):
        seen = interrupted(trial, folder / "run", way, (moment, rng.random()))
        if seen is None:
            check_completed(trial, folder / "run")
        else:
            assert not seen.wrong, seen
    finish(trial, folder / "run")


def test_every_way_is_known():
    assert sum(WAYS.values()) == 100


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Start runs of so many studies that reports are read in processes; the data set has no pictures."""
    folder = tmp_path_factory.mktemp("many")
    (write_manifest(folder / "few", 1) / "0.jpg").unlink()
    line = (folder / "few" / "manifest.jsonl").read_text()
    names = ((f'"s{n:05d}"', f'"p{n}"', f'"{n}.jpg"') for n in range(20_000))
    rows = (line.replace('"s0000"', s).replace('"p0"', p).replace('"0.jpg"', i) for s, p, i in names)
    (folder / "few" / "manifest.jsonl").write_text("".join(rows))
    return Trial("many", *toy_command(folder / "few"), {}, {})


def toy_command(source):
    command = (sys.executable, "-m", "tests.toy_run", "augment", str(source))
    return command, ("--encoder", "toy", "--gate", "none", "--align", "none", "--workers", "2")


def reading(process):
    """Wait until both workers are there; the fourth process is multiprocessing's tracker."""
    until = time.monotonic() + 180
    while len(processes_of(process.pid)) < 4:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.skipif(usable_cpus() < 2, reason="with one CPU there are no workers")
@pytest.mark.parametrize(
    ("way", "started"),
    [
        pytest.param("KILL", 0.0, id="killed-while-workers-start"),
        pytest.param("KILL", 2.5, id="killed-while-workers-read"),
        pytest.param("INT to all", 0.0, id="ctrl-c-while-workers-start"),
        pytest.param("TERM to all", 2.5, id="asked-by-slurm-while-workers-read"),
    ],
)
def test_no_worker_outlives_the_run(tmp_path, many, way, started):
    process = many.start(tmp_path / "run")
    reading(process)
    time.sleep(started)
    send(process, way)
    # A worker that follows nobody would wait for ever; one that starts holds the pipe until it has looked.
    said = process.communicate(timeout=120)[1].decode()
    assert process.returncode == (-signal.SIGKILL if way == "KILL" else 75)
    tracebacks = said.count("Traceback")
    if way == "KILL":  # that may cut off what a starting worker is being told: the only thing it can say
        tracebacks -= said.count("EOFError: Ran out of input")
    assert not tracebacks, said
    until = time.monotonic() + 120
    while left := processes_of(process.pid):
        assert time.monotonic() < until, left
        time.sleep(0.05)


def _die(_chunk):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_one_clear_error():
    with pytest.raises(MedcutmixError, match="was killed") as caught:
        list(map_in_processes(_die, [[]], workers=2, doing="read reports"))
    assert "memory" in caught.value.hint


def _be_quick_once(number):
    if number:
        time.sleep(60)
    return os.getpid()


def test_a_worker_that_is_killed_while_it_waits_holds_up_nobody():
    """Who waits for work holds the lock of the queue; the others would wait for it for ever."""
    results = map_in_processes(_be_quick_once, range(2), workers=2, doing="read reports")
    waiting = next(results)
    time.sleep(0.2)  # it goes back to the queue
    os.kill(waiting, signal.SIGKILL)
    began = time.monotonic()
    with pytest.raises(MedcutmixError, match="was killed"):
        next(results)
    assert time.monotonic() - began < 30, "the other one is not waited for"


def _refuse(_given):
    raise ValueError("FINDINGS: a secret.")


def test_a_worker_that_cannot_be_prepared_quotes_nothing(capfd):
    with pytest.raises(MedcutmixError, match="could not be made ready") as caught:
        list(
            map_in_processes(
                _be_quick_once, [0, 0], workers=2, doing="read reports", prepare=_refuse, given=(1,)
            )
        )
    assert "ValueError" in caught.value.what
    said = capfd.readouterr()
    assert "secret" not in said.out + said.err


def test_bytes_of_a_run_say_what_must_be_equal(toy):
    assert {"plan.parquet", "nulls.parquet", "README.md"} <= bytes_of(toy[1] / "whole-0").keys()


def test_what_a_kill_left_behind_the_last_shard_goes_with_the_next_call(toy):
    trial, folder = toy
    run = folder / "last"
    finish(trial, run, keep=True)
    (run / "state" / "part-00000.attempts").write_text("1")  # killed between state file and count
    finish(trial, run)
