"""Hand the scripts of a run to Slurm: what is left of the array, then the job that checks it. Runs `sbatch`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

from medcutmix_cli.assembly.parts import build_gate
from medcutmix_cli.assembly.relocation import map_paths, relocate_settings
from medcutmix_cli.cluster.partition_limits import check_can_start, partitions_there
from medcutmix_cli.cluster.slurm import Resources, SlurmJob, render_finish, render_sbatch
from medcutmix_cli.cluster.tasks import default_tasks, retry_expression
from medcutmix_cli.configuration.keywords import SlurmKeywords
from medcutmix_cli.configuration.resolution import from_plain, named_values
from medcutmix_cli.configuration.settings import settings_of
from medcutmix_cli.errors import ClusterError, UsageError
from medcutmix_cli.pipeline import refill
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.hints import no_pairs
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.run.status import run_status
from medcutmix_cli.system.atomic_files import write_text
from medcutmix_cli.system.private_files import make_private_folder
from medcutmix_cli.system.storage_errors import explain_storage_errors


@dataclass(frozen=True, slots=True)
class Submission:
    """What was handed to Slurm.

    Attributes:
        tasks: Array expression of the tasks that were needed, "" where every shard is complete.
        num_tasks: How many tasks share the shards.
        calibrated: Whether the evidence gate is ready; where it is not, each task that starts makes it ready.
        array: Job id of the array, "" where nothing was submitted (likewise finish).
    """

    tasks: str
    num_tasks: int
    calibrated: bool
    array: str = ""
    finish: str = ""


def running_program() -> tuple[str, ...]:
    """Return the words that start this very medcutmix, whatever the PATH of a node says."""
    beside = Path(sys.executable).with_name("medcutmix")
    return (str(beside),) if beside.is_file() else (sys.executable, "-m", "medcutmix_cli")


def slurm_job(
    out: str | Path,
    *,
    tasks: int | None = None,
    gpus: int | None = None,
    resources: Resources | None = None,
    at_once: int = 0,
    setup: tuple[str, ...] = (),
    stagger: int = 1,
    name: str = "medcutmix",
    retry_failed: bool = False,
    **options: Unpack[SlurmKeywords],
) -> SlurmJob:
    """Describe the jobs of a planned run; nothing is submitted, and nothing written but the folder of the logs.

    Args:
        out: Run folder with a plan.
        tasks: How many tasks share the shards, never more than there are; `default_tasks` where None.
        gpus: Of each task; where None, 1, and 0 where the encoder runs on the CPU, or is small or reads its maps.
        resources: What each task asks for beside GPUs.
        at_once: How many tasks may run at the same time; 0 means as many as the cluster allows.
        setup: Shell lines that come first; with them the program is the `medcutmix` that they put on the PATH.
        stagger: Seconds between the starts of two neighbours; 0 means none.
        name: Of the job.
        retry_failed: Also render complete shards again in which pairs failed.
        **options: Settings that are other than the plan's: where things are on a node (relative paths are those of
            this folder), and `max_fail_frac`.

    Raises:
        RunError: There is no plan in `out`.
        NoPairsError: There is no pair in it.
        UsageError: Something that makes no sense.
    """
    run, changes = Path(out).absolute(), named_values(settings_of("slurm"), options)
    tolerance = changes.pop("run.max_fail_frac", None)
    record = read_run(RunFolder(run))
    if not record.shards:
        raise no_pairs(run_status(RunFolder(run)), run)
    if tasks is not None and tasks < 1:
        raise UsageError(f"{tasks} tasks: at least one is needed")
    device = relocate_settings(record, changes).encoder.device
    if re.fullmatch(r"cuda:\d+", device):
        raise UsageError(f"device {device}: Slurm chooses the GPU", hint="--device cuda, or --device auto")
    job = SlurmJob(
        run=run,
        num_tasks=min(tasks or default_tasks(len(record.shards)), len(record.shards)),
        program=("medcutmix",) if setup else running_program(),
        resources=replace(
            resources or Resources(), gpus=_default_gpus(record, device) if gpus is None else gpus
        ),
        changes=map_paths(changes, _on_any_node),
        at_once=at_once,
        setup=setup,
        stagger=stagger,
        name=name,
        retry_failed=retry_failed,
        max_fail_frac=tolerance,
        gated=bool(build_gate(from_plain(record.settings)).min_nulls()),
    )
    _make_logs(run / "logs")
    return job


def submit(job: SlurmJob) -> Submission:
    """Submit the tasks that have shards to render, and the finish job behind them.

    Raises:
        ClusterError: There is no Slurm here, it refuses, or the array submitted before is still at work.
        RunError: There is no plan in the run folder.
    """
    if run_status(RunFolder(job.run)).refill_due:
        refill(job.run)
    tasks = retry_expression(
        run_status(RunFolder(job.run)).to_render(retry_failed=job.retry_failed), job.num_tasks
    )
    calibrated = _is_calibrated(RunFolder(job.run))
    if not tasks:
        return Submission(tasks, job.num_tasks, calibrated)
    _check_nobody_at_work(job.run)
    check_can_start(job.resources)
    array = _sbatch(render_sbatch(job), f"--array={tasks}{job.at_most}")
    write_text(_last_array(job.run), array)
    try:
        # afterany: a task that failed keeps a job with afterok waiting for ever.
        finish = _sbatch(render_finish(job), f"--dependency=afterany:{array}")
    except ClusterError as error:
        said = f"the array is submitted as job {array}, but its finish job is not: {error.what}"
        raise ClusterError(
            said, hint="submit the script that --finish prints when the array has ended"
        ) from error
    return Submission(tasks, job.num_tasks, calibrated, array, finish)


def _default_gpus(record: RunRecord, device: str) -> int:
    """Return 1 where a GPU is of use: to no encoder for demonstration, which is small, and where maps lie in a file."""
    card = record.encoder
    needs_none = card.get("demonstration") or card.get("map_kind") == "precomputed"
    return 0 if device == "cpu" or (device == "auto" and needs_none) else 1


def _last_array(run: Path) -> Path:
    return run / "logs" / "last-array"


def _check_nobody_at_work(run: Path) -> None:
    """Ask Slurm whether the array that was submitted last is still there: its tasks would be submitted a second time.

    Raises:
        ClusterError: It is.
    """
    with suppress(FileNotFoundError):
        job = _last_array(run).read_text(encoding="utf-8")
        asked = [_program("squeue"), "--noheader", "--format=%i", f"--jobs={job}"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
        if done.returncode == 0 and done.stdout.strip():  # Slurm no longer knows a job that ended long ago
            hint = f"wait for it (medcutmix status {run}), or stop it first: scancel {job}"
            raise ClusterError(f"job {job}, submitted before, still waits or runs", where=str(run), hint=hint)


def _is_calibrated(folder: RunFolder) -> bool:
    gate = build_gate(from_plain(read_run(folder).settings))
    return folder.calibration_file.is_file() or not gate.min_nulls()


def _sbatch(script: str, *options: str) -> str:
    """Submit a script and return its job id."""
    command = [_program("sbatch"), "--parsable", *options]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise ClusterError(f"Slurm refused the job\n{said}", hint=_refusal_hint(said))
    return done.stdout.strip().partition(";")[0]  # "id;cluster" where there are several clusters


_MEANT = (
    (
        r"\bgres\b|\bgpu",
        "--gpus 0 where there are no GPUs; with it --extra=--gres=NAME:1 where they have another name",
    ),
    (
        r"\baccount|\bqos\b|\bassociation",
        "--account NAME (yours: sacctmgr show associations user=$USER), or --extra=--qos=NAME",
    ),
    (r"\btime limit\b", "--time: the limit of each partition is the column TIMELIMIT of sinfo"),
    (
        r"\bnode configuration\b|\bmemory\b|\bcpu",
        "--cpus and --mem: what the nodes have says sinfo --Node --long",
    ),
)
"""What helps, by the words in which Slurm refuses a job; the first that fits."""


def _refusal_hint(said: str) -> str:
    for words, hint in _MEANT:
        if re.search(words, said, re.IGNORECASE):
            return hint
    there = partitions_there() if re.search(r"\bpartition\b", said, re.IGNORECASE) else ()
    if there:
        return f"--partition NAME; there are: {', '.join(there)}"
    return "look at what the script asks for, and at --extra"


def _program(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        hint = "leave out --submit, and submit the printed script where Slurm is"
        raise ClusterError(f"there is no {name} on the PATH", hint=hint)
    return program


def _make_logs(folder: Path) -> None:
    """Make the folder of the logs: Slurm makes none, and a task whose log has no folder fails without a word."""
    with explain_storage_errors(folder):
        make_private_folder(folder)


def _on_any_node(path: str) -> str:
    """Return a path as a job sees it, which may start in another folder; a variable at its beginning is the node's."""
    return path if path.startswith("$") else str(Path(path).absolute())
