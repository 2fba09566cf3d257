"""An array on a real Slurm of one node: killed in the middle, run again, cut anew; always the same bytes."""

import os
import re
import shutil
import signal

import pytest

from medcutmix_cli import plan, render, write_sample
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from tests.calls import medcutmix
from tests.cluster.one_node_slurm import CPUS, one_node_slurm, until, why_not
from tests.half_written import is_pending, stop_writer
from tests.trees import output_bytes

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no Slurm here: {why_not()}")

ASKED = ("--gpus", 0, "--cpus", 1, "--mem", "1G", "--stagger", 0)
TASKS = 4


@pytest.fixture(scope="module")
def cluster():
    with one_node_slurm() as started:
        yield started


@pytest.fixture
def slurm_here(cluster, monkeypatch):
    for name in ("SLURM_CONF", "PATH"):
        monkeypatch.setenv(name, cluster.environment[name])


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    work = tmp_path_factory.mktemp("slurm")
    write_sample(work / "sample", studies=80, height=256)
    plan(work / "sample", work / "planned", gate="none", align="none", shard_size=4, pairs_per_study=2)
    return work / "planned"


@pytest.fixture(scope="module")
def expected(planned):
    """Return what an undisturbed run in this process writes."""
    local = shutil.copytree(planned, planned.with_name("local"))
    render(local, workers=2)
    return output_bytes(local)


@pytest.fixture
def run(planned, request):
    """Return a copy of the plan, in a folder whose name Slurm might misread."""
    return shutil.copytree(planned, planned.with_name(f"run's 1%a #{len(request.node.name)}"))


def printed(capsys, *arguments):
    capsys.readouterr()
    assert medcutmix(*arguments) == 0
    return capsys.readouterr().out


def stop_in_the_middle(run, tasks):
    """Stop the program of each task while it has a shard half-written; return their process ids by task."""
    stopped = {}

    def all_stopped():
        for path in run.glob("data/.part-*.tmp"):
            task = int(path.name[6:11]) % TASKS
            if task in tasks and task not in stopped and (pid := stop_writer(path)):
                stopped[task] = pid
        return len(stopped) == len(tasks)

    until(all_stopped, "tasks in the middle of a shard", seconds=120)
    return stopped


def test_killed_tasks_are_named_and_the_same_script_finishes_them(cluster, run, expected, capsys):
    script = printed(capsys, "batch", "slurm", run, "--tasks", TASKS, *ASKED)
    job = cluster.submit(script)
    pids = stop_in_the_middle(run, {1, 2, 3})
    cluster.run("scancel", f"{job}_1")  # CONT and TERM
    cluster.run("scancel", "--signal=USR1", "--batch", f"{job}_2")  # as before the time limit
    until(lambda: is_pending(pids[2], signal.SIGUSR1), "the signal of Slurm")
    os.kill(pids[2], signal.SIGCONT)
    os.kill(pids[3], signal.SIGKILL)
    cluster.wait(job)
    assert cluster.ends(job) == {
        0: ("COMPLETED", "0:0"),
        1: ("CANCELLED", "75:0"),
        2: ("FAILED", "75:0"),
        3: ("FAILED", "0:9"),
    }
    for task in (1, 2):
        assert "interrupted: run the same command again" in (run / "logs" / f"{job}_{task}.log").read_text()
    there = {name: content for name, content in output_bytes(run).items() if name.startswith("data/part")}
    assert 0 < len(there) < len(read_run(RunFolder(run)).shards)
    assert there == {name: expected[name] for name in there}, "what is there is whole"

    left = printed(capsys, "status", run, "--retry-expr", "--num-tasks", TASKS)
    assert left == "1-3\n"
    again = cluster.submit(script, f"--array={left.strip()}")
    cluster.wait(again)
    assert cluster.ends(again) == dict.fromkeys((1, 2, 3), ("COMPLETED", "0:0"))
    render(run, workers=2)  # what the job after an array does
    assert output_bytes(run) == expected
    assert not [*run.rglob(".*.tmp"), *run.rglob("*.attempts")]


@pytest.mark.usefixtures("slurm_here")
def test_another_number_of_tasks_gives_the_same_bytes_and_the_finish_job_verifies(
    cluster, run, expected, capsys
):
    render(run, task=1, num_tasks=3)
    submitted = printed(capsys, "batch", "slurm", run, "--tasks", 3, *ASKED, "--submit")
    array, finish = re.fullmatch(r"array (\d+)\nfinish (\d+)\n", submitted).groups()
    cluster.wait(finish)
    assert cluster.ends(array) == dict.fromkeys((0, 2), ("COMPLETED", "0:0")), "only what was needed"
    assert cluster.ends(finish) == {0: ("COMPLETED", "0:0")}
    assert output_bytes(run) == expected
    assert "the finish job of batch slurm" in (run / "logs" / f"{array}_0.log").read_text()
    assert "verified" in (run / "logs" / f"{finish}_finish.log").read_text()
    assert printed(capsys, "batch", "slurm", run, "--tasks", 3, "--submit") == ""


@pytest.mark.usefixtures("slurm_here")
def test_what_slurm_refuses_is_told_in_its_words(run, capsys):
    assert medcutmix("batch", "slurm", run, *ASKED, "--partition", "nowhere", "--submit") == 1
    said = capsys.readouterr().err
    assert "Slurm refused the job" in said
    assert "invalid partition specified: nowhere" in said


@pytest.mark.usefixtures("slurm_here")
def test_a_cluster_without_gpus_is_told_to_ask_for_none(run, capsys):
    assert medcutmix("batch", "slurm", run, *ASKED, "--gpus", 1, "--submit") == 1
    assert "--gpus 0" in capsys.readouterr().err


@pytest.mark.usefixtures("slurm_here")
def test_tasks_larger_than_any_node_are_not_submitted(run, capsys):
    capsys.readouterr()
    assert medcutmix("batch", "slurm", run, "--tasks", 2, "--cpus", 99, "--mem", "1G", "--submit") == 1
    said = capsys.readouterr()
    assert not said.out
    assert f"try: --cpus {CPUS}, " in said.err
