import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from medcutmix_cli.cluster.slurm import Resources, SlurmJob, render_finish, render_sbatch, seconds
from medcutmix_cli.errors import UsageError

STORED = Path(__file__).parent

SMALL = SlurmJob(run=Path("/scratch/run"), num_tasks=12)
"""As little as possible is said."""

FULL = SlurmJob(
    run=Path("/scratch/ann's run 100% #1"),
    num_tasks=1000,
    program=("/opt/med cut/bin/python", "-m", "medcutmix_cli"),
    resources=Resources(
        cpus=8,
        gpus=1,
        memory="32G",
        time="1-00:00:00",
        partition="gpu",
        account="radiology",
        extra=("--constraint=a100", "--qos=long"),
    ),
    changes={
        "run.stage_dir": "$TMPDIR/medcutmix $x",
        "dataset.root": "/data/mimic-cxr-jpg",
        "dataset.reports": "/data/mimic reports.zip",
        "dataset.unpaired": "/data/nih",
        "encoder.weights": "$WEIGHTS",
        "encoder.device": "cuda",
    },
    at_once=16,
    setup=("module load cuda/12.4", "source /opt/medcutmix/bin/activate"),
    stagger=2,
    name="mix it",
    retry_failed=True,
    max_fail_frac=0.05,
)
"""All is said, some of it in words that a shell or Slurm might misread."""

SCRIPTS = {
    "small.sbatch": (render_sbatch, SMALL),
    "small_finish.sbatch": (render_finish, SMALL),
    "full.sbatch": (render_sbatch, FULL),
    "full_finish.sbatch": (render_finish, FULL),
}


def made(name):
    render, job = SCRIPTS[name]
    return render(job)


def test_a_run_without_a_gate_is_calibrated_by_nobody():
    script = render_sbatch(replace(SMALL, gated=False))
    assert "calibrate" not in script
    assert script in render_sbatch(SMALL).replace(
        "#   first, and once      medcutmix calibrate /scratch/run\n", ""
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_the_stored_one(name):
    assert made(name) == (STORED / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCRIPTS)
def test_bash_can_read_every_script(name):
    checked = subprocess.run(["bash", "-n"], input=made(name), text=True, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_word_reaches_the_program_as_it_was_given():
    call = render_sbatch(FULL).splitlines()[-1].removeprefix("exec ")
    environment = {"SLURM_ARRAY_TASK_ID": "7", "WEIGHTS": "/w/a b", "TMPDIR": "/local/x y"}
    shown = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {call}"], env=environment, capture_output=True, text=True
    )
    assert shown.stdout.splitlines() == [
        *("/opt/med cut/bin/python", "-m", "medcutmix_cli", "render", "/scratch/ann's run 100% #1"),
        *("--engine", "local", "--task", "7", "--num-tasks", "1000", "--workers", "8"),
        *("--dataset", "/data/mimic-cxr-jpg", "--reports", "/data/mimic reports.zip"),
        *("--unpaired", "/data/nih", "--weights", "/w/a b", "--device", "cuda"),
        *("--stage-dir", "/local/x y/medcutmix $x"),
        *("--max-fail-frac", "0.05", "--retry-failed"),
    ]


def test_the_job_that_only_checks_asks_for_no_gpu_and_may_have_a_partition_of_its_own():
    asked = Resources(
        gpus=1,
        partition="gpu",
        extra=("--gres=shard:1", "--gpus-per-task=1", "--qos=long"),
        finish_partition="cpu",
    )
    array, finish = (render(replace(SMALL, resources=asked)) for render in (render_sbatch, render_finish))
    assert "--gres=shard:1\n" in array
    assert "--partition=gpu\n" in array
    assert "gres" not in finish
    assert "gpu" not in finish
    assert "#SBATCH --partition=cpu\n" in finish
    assert "#SBATCH --qos=long\n" in finish


PRETENDED = """
medcutmix() {{
  case $1 in
    status) echo "" ;;
    render) return {render} ;;
    verify) echo verified; return {verify} ;;
  esac
}}
"""


@pytest.mark.parametrize(
    ("render", "verify", "code"),
    [
        pytest.param(0, 0, 0, id="all-is-well"),
        pytest.param(0, 4, 4, id="a-broken-rule"),
        pytest.param(3, 0, 3, id="too-many-failures-and-what-is-there-is-right"),
        pytest.param(3, 4, 4, id="too-many-failures-and-a-broken-rule"),
        pytest.param(75, 0, 75, id="preempted"),
    ],
)
def test_the_finish_job_checks_whatever_is_there_and_says_how_the_run_ended(render, verify, code):
    script = PRETENDED.format(render=render, verify=verify) + render_finish(SMALL)
    ended = subprocess.run(["bash"], input=script, text=True, capture_output=True)
    assert ended.returncode == code
    assert ended.stdout == ("verified\n" if render in (0, 3) else "")


def test_a_variable_that_a_node_does_not_have_ends_the_task():
    ended = subprocess.run(
        ["bash"], input=render_sbatch(FULL).replace("sleep", ":"), env={}, text=True, capture_output=True
    )
    assert ended.returncode != 0
    assert "WEIGHTS: parameter null or not set" in ended.stderr


@pytest.mark.parametrize(
    ("time", "said"),
    [
        pytest.param("90", 5400, id="minutes"),
        pytest.param("5:30", 330, id="minutes-and-seconds"),
        pytest.param("04:00:01", 14401, id="hours"),
        pytest.param("2-3", 183600, id="days-and-hours"),
        pytest.param("2-3:30", 185400, id="days-hours-and-minutes"),
        pytest.param("1-00:00:00", 86400, id="all"),
    ],
)
def test_a_time_limit_is_read_as_slurm_reads_it(time, said):
    assert seconds(time) == said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"gpus": 4}, "one GPU", id="more-gpus-than-a-task-can-use"),
        pytest.param({"memory": "much"}, "no amount of memory", id="no-memory"),
        pytest.param({"time": "tomorrow"}, "no time limit", id="no-time"),
        pytest.param({"time": "2:30"}, "less than 5 minutes", id="too-little-time-to-leave"),
        pytest.param({"extra": ("constraint=a100",)}, "no option of sbatch", id="no-option"),
        pytest.param({"extra": ("--x\nrm -rf /",)}, "not one printable line", id="a-second-line"),
        pytest.param({"partition": "a\nb"}, "not one printable line", id="a-partition-of-two-lines"),
    ],
)
def test_resources_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(UsageError, match=said):
        Resources(**wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"run": Path("run")}, "an absolute run folder", id="a-relative-folder"),
        pytest.param(
            {"run": Path("/a\nrm -rf /")}, "run .* is not one printable", id="a-folder-of-two-lines"
        ),
        pytest.param({"num_tasks": 0}, "needs .* a task", id="no-task"),
        pytest.param({"stagger": -1}, "no negative number", id="a-negative-pause"),
        pytest.param({"name": "a\nb"}, "name .* is not one printable", id="a-name-of-two-lines"),
        pytest.param(
            {"changes": {"dataset.root": "/a\nb"}},
            r"dataset\.root .* is not one printable",
            id="a-data-set-of-two-lines",
        ),
        pytest.param({"max_fail_frac": 5.0}, "max_fail_frac must be", id="no-share"),
    ],
)
def test_jobs_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(UsageError, match=said):
        replace(SMALL, **wrong)
