"""`batch slurm` and `status --retry-expr`, with a stand-in for sbatch where one is needed."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from medcutmix_cli.run.folder import RunFolder
from tests.calls import medcutmix
from tests.run_folders import make_row, write_run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "slurm"
DOCUMENTED = re.findall(r"^ +medcutmix (batch slurm .+) > (\S+)$", (EXAMPLES / "README.md").read_text(), re.M)
PROGRAM = Path(sys.executable).with_name("medcutmix")

SBATCH = """\
#!/bin/bash
echo "$@" >> {folder}/calls
cat > {folder}/script-$(wc -l < {folder}/calls)
if [ -e {folder}/refuse-$(wc -l < {folder}/calls) ]; then
  echo "sbatch: error: invalid account" >&2
  exit 1
fi
echo "10$(wc -l < {folder}/calls);cluster"
"""

SQUEUE = """\
#!/bin/bash
if [ -e {folder}/queued ]; then
  echo "101_[1-11]"
else
  echo "slurm_load_jobs error: Invalid job id specified" >&2
  exit 1
fi
"""


@pytest.fixture
def run(tmp_path):
    """Return a run of 12 shards of which the first is complete."""
    return write_run(tmp_path / "run", missing=11)


@pytest.fixture
def sbatch(tmp_path, monkeypatch):
    """Put a stand-in on the PATH that keeps what it was called with; return its folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE), ("sinfo", "#!/bin/sh\nexit 1\n")):
        program = folder / name
        program.write_text(text.format(folder=shlex.quote(str(folder))))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def printed(capsys, *arguments):
    assert medcutmix(*arguments) == 0
    return capsys.readouterr().out


def options(script):
    return dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", script, re.M))


@pytest.mark.parametrize(("typed", "name"), DOCUMENTED, ids=[name for _, name in DOCUMENTED])
def test_the_example_is_what_the_documented_call_prints(tmp_path, capsys, typed, name):
    run = write_run(tmp_path / "run", missing=99, demonstration=False)
    words = [str(run) if word == "/scratch/run" else word for word in shlex.split(typed)]
    script = printed(capsys, *words).replace(str(run), "/scratch/run")
    assert script == (EXAMPLES / name).read_text(encoding="utf-8")


def test_every_example_script_is_documented():
    assert sorted(name for _, name in DOCUMENTED) == sorted(path.name for path in EXAMPLES.glob("*.sbatch"))


def test_a_task_a_shard_is_the_default(run, capsys):
    assert options(printed(capsys, "batch", "slurm", run))["array"] == "0-11"


def test_there_are_never_more_tasks_than_shards(run, capsys):
    assert options(printed(capsys, "batch", "slurm", run, "--tasks", 50))["array"] == "0-11"


def test_the_folder_of_the_logs_is_made_and_is_no_foreign_one(run, capsys):
    log = Path(options(printed(capsys, "batch", "slurm", run))["output"])
    assert log.parent.is_dir()
    assert RunFolder(run).foreign_files() == []


def test_the_very_program_that_runs_is_called(run, capsys):
    assert f"\nexec {PROGRAM} render {run} " in printed(capsys, "batch", "slurm", run)


def test_after_setup_lines_the_program_is_the_one_they_bring(run, capsys):
    script = printed(capsys, "batch", "slurm", run, "--setup", "module load a", "--setup", "module load b")
    assert "\nmodule load a\nmodule load b\n" in script
    assert f"\nexec medcutmix render {run} " in script


@pytest.mark.parametrize(
    ("card", "typed", "gpus"),
    [
        pytest.param({}, [], "gpu:1", id="one-by-default"),
        pytest.param({}, ["--device", "cpu"], None, id="none-for-the-cpu"),
        pytest.param({}, ["--gpus", "0"], None, id="none-if-asked"),
        pytest.param({"demonstration": True}, [], None, id="none-for-a-small-encoder"),
        pytest.param({"demonstration": True}, ["--device", "cuda"], "gpu:1", id="one-if-the-device-is-one"),
        pytest.param({"demonstration": True}, ["--gpus", "1"], "gpu:1", id="one-if-asked"),
        pytest.param({"map_kind": "precomputed"}, [], None, id="none-for-maps-of-a-file"),
    ],
)
def test_a_task_asks_for_the_gpu_it_uses(run, capsys, card, typed, gpus):
    record = json.loads((run / "run.json").read_text())
    record["encoder"] |= {"demonstration": False, **card}
    (run / "run.json").write_text(json.dumps(record))
    assert options(printed(capsys, "batch", "slurm", run, *typed)).get("gres") == gpus


def test_relative_paths_are_those_of_this_folder(run, capsys, monkeypatch):
    monkeypatch.chdir(run.parent)
    script = printed(capsys, "batch", "slurm", "run", "--dataset", "moved", "--stage-dir", "$TMPDIR")
    assert f" render {run} " in script
    assert f' --dataset {run.parent}/moved --stage-dir "${{TMPDIR:?}}"\n' in script


def test_the_tasks_that_have_shards_left_are_one_line(run, capsys):
    assert printed(capsys, "status", run, "--retry-expr") == "1-11\n"
    assert printed(capsys, "status", run, "--retry-expr", "--num-tasks", 4) == "0-3\n"


def test_tasks_whose_shards_hold_failed_pairs_are_named_if_asked(tmp_path, sbatch, capsys):
    run = write_run(tmp_path / "run", ([make_row(0)], [make_row(1)]), missing=1, failed=1)
    assert printed(capsys, "status", run, "--retry-expr") == "2\n"
    assert printed(capsys, "status", run, "--retry-expr", "--retry-failed") == "0,2\n"
    printed(capsys, "batch", "slurm", run, "--submit", "--retry-failed")
    assert (sbatch / "calls").read_text().splitlines()[0] == "--parsable --array=0,2"
    assert "--retry-failed" in (sbatch / "script-1").read_text()
    assert "--retry-failed" not in (sbatch / "script-2").read_text()  # it would go on for ever


def test_nothing_left_is_an_empty_line(tmp_path, capsys):
    assert printed(capsys, "status", write_run(tmp_path / "run"), "--retry-expr") == "\n"


def test_the_finish_job_says_what_is_left_and_leaves_with_75(run, capsys):
    script = printed(capsys, "batch", "slurm", run, "--tasks", 6, "--finish")
    ended = subprocess.run(["bash"], input=script, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (75, "")
    assert "tasks 0-5 of 6 have shards left" in ended.stderr
    assert "sbatch --array=0-5 SCRIPT (that of the array)" in ended.stderr


def test_submit_hands_over_what_is_needed_and_the_finish_job_behind_it(run, sbatch, capsys):
    typed = ("batch", "slurm", run, "--tasks", 12, "--at-once", 3)
    script, finish = printed(capsys, *typed), printed(capsys, *typed, "--finish")
    assert medcutmix(*typed, "--submit") == 0
    told = capsys.readouterr()
    assert told.out == "array 101\nfinish 102\n"
    assert "tasks 1-11 of 12 are submitted" in told.err
    assert (sbatch / "calls").read_text().splitlines() == [
        "--parsable --array=1-11%3",
        "--parsable --dependency=afterany:101",
    ]
    assert ((sbatch / "script-1").read_text(), (sbatch / "script-2").read_text()) == (script, finish)


def test_an_array_that_is_still_at_work_is_not_submitted_a_second_time(run, sbatch, capsys):
    assert medcutmix("batch", "slurm", run, "--submit") == 0
    (sbatch / "queued").touch()
    capsys.readouterr()
    assert medcutmix("batch", "slurm", run, "--submit") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "job 101, submitted before, still waits or runs" in said.err
    assert "scancel 101" in said.err
    (sbatch / "queued").unlink()  # it has ended, and Slurm has forgotten it
    assert medcutmix("batch", "slurm", run, "--submit") == 0


def test_whoever_submits_without_a_calibration_is_told(run, sbatch, capsys):
    assert medcutmix("batch", "slurm", run, "--submit") == 0
    assert f"medcutmix calibrate {run}" in capsys.readouterr().err
    RunFolder(run).calibration_file.write_text("{}")
    assert medcutmix("batch", "slurm", run, "--submit") == 0
    assert "calibrate" not in capsys.readouterr().err


def test_a_submission_as_json_has_known_keys(run, sbatch, capsys):
    document = json.loads(printed(capsys, "batch", "slurm", run, "--submit", "--json"))
    assert document == {
        "document": "submission",
        "out": str(run),
        "tasks": "1-11",
        "num_tasks": 12,
        "calibrated": False,
        "array": "101",
        "finish": "102",
    }


def test_of_a_complete_run_nothing_is_submitted(tmp_path, sbatch, capsys):
    assert medcutmix("batch", "slurm", write_run(tmp_path / "run"), "--submit") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "every shard is complete" in told.err
    assert not (sbatch / "calls").exists()


def test_a_refusal_is_told_in_slurms_words(run, sbatch, capsys):
    (sbatch / "refuse-1").touch()
    assert medcutmix("batch", "slurm", run, "--submit") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "sbatch: error: invalid account" in told.err
    assert "--extra" in told.err


@pytest.mark.parametrize(
    "said",
    [
        "Invalid generic resource (gres) specification",
        "Requested GRES option unsupported by configured SelectType plugin",
        "invalid gpu type",
    ],
)
def test_a_cluster_without_gpus_is_told_the_option(run, sbatch, capsys, said):
    (sbatch / "refuse-1").touch()
    program = sbatch / "sbatch"
    program.write_text(program.read_text().replace("invalid account", said))
    assert medcutmix("batch", "slurm", run, "--submit", "--gpus", "1") == 1
    assert "--gpus 0" in capsys.readouterr().err


REFUSED = {
    "Invalid account or account/partition combination specified": "--account NAME",
    "Invalid qos specification": "--extra=--qos=NAME",
    "Requested time limit is invalid (missing or exceeds some limit)": "--time:",
    "Memory specification can not be satisfied": "--cpus and --mem:",
    "Requested node configuration is not available": "--cpus and --mem:",
    "CPU count per node can not be satisfied": "--cpus and --mem:",
    "invalid partition specified: nope": "--partition NAME; there are: large, main",
    "Invalid feature specification": "and at --extra",
}
"""What Slurm says -> the option that is meant (slurm-wlm 22.05, slurm_errno.c)."""


@pytest.mark.parametrize("said", sorted(REFUSED))
def test_what_slurm_refuses_is_answered_with_the_option_that_is_meant(run, sbatch, capsys, said):
    (sbatch / "refuse-1").touch()
    program, sinfo = sbatch / "sbatch", sbatch / "sinfo"
    program.write_text(program.read_text().replace("invalid account", said))
    sinfo.write_text("#!/bin/sh\nprintf 'main*|64|640000\\nlarge|64|640000\\n'\n")
    assert medcutmix("batch", "slurm", run, "--submit") == 1
    assert REFUSED[said] in capsys.readouterr().err


def test_tasks_that_no_node_can_take_are_not_submitted(run, sbatch, capsys):
    (sbatch / "sinfo").write_text("#!/bin/sh\necho 'main*|2|64000'\n")
    (sbatch / "sinfo").chmod(0o755)
    assert medcutmix("batch", "slurm", run, "--submit") == 1
    told = capsys.readouterr()
    assert not told.out
    assert "no node of the partition main has 4 CPUs for a task: it would wait for ever" in told.err
    assert "try: --cpus 2" in told.err
    assert medcutmix("batch", "slurm", run, "--submit", "--cpus", "2") == 0
    assert capsys.readouterr().out == "array 101\nfinish 102\n"


def test_a_finish_job_that_is_refused_does_not_hide_the_array(run, sbatch, capsys):
    (sbatch / "refuse-2").touch()
    assert medcutmix("batch", "slurm", run, "--submit") == 1
    assert "the array is submitted as job 101" in capsys.readouterr().err


def test_without_slurm_there_is_a_way_to_go_on(run, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert medcutmix("batch", "slurm", run, "--submit") == 1
    told = capsys.readouterr().err
    assert "there is no sbatch on the PATH" in told
    assert "leave out --submit" in told


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(["--submit", "--finish"], id="submit-and-finish"),
        pytest.param(["--tasks", "0"], id="no-task"),
        pytest.param(["--gpus", "2"], id="two-gpus"),
        pytest.param(["--time", "1:00"], id="a-minute"),
        pytest.param(["--extra", "constraint"], id="no-option"),
        pytest.param(["--max-fail-frac", "2"], id="more-failures-than-pairs"),
        pytest.param(["--device", "cuda:1"], id="a-gpu-by-number"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(run, typed):
    assert medcutmix("batch", "slurm", run, *typed) == 2


def test_a_run_without_pairs_has_nothing_to_submit(run, capsys):
    record = json.loads((run / "run.json").read_text()) | {"shards": []}
    (run / "run.json").write_text(json.dumps(record))
    assert medcutmix("batch", "slurm", run) == 5
    assert "no pair could be planned" in capsys.readouterr().err
