"""The sbatch scripts of a run: the array that renders its shards, and the job that checks them afterwards.

Text only, a pure function of `SlurmJob`: nothing here asks Slurm or looks into the run folder.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from medcutmix_cli.configuration.declaration import setting
from medcutmix_cli.configuration.settings import SETTINGS
from medcutmix_cli.errors import UsageError

ARRAY, REQUESTED = "Array", "What each task asks for"

LEAVE_SECONDS = 120
"""How long before its time limit a task is told to leave; Slurm may be a minute early (sbatch, --signal)."""

LEAST_SECONDS = 300
STAGGERED = 30
"""Starts are spread over so many steps of `stagger` seconds."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What one task asks of the cluster, in Slurm's own words.

    Attributes:
        gpus: 0 or 1: a task works with one GPU; more GPUs are used by more tasks.
        memory: "8G", "64000M"; "0" is all of a node.
        time: "04:00:00", "1-12", "90" (minutes).
        extra: Further options of sbatch, one each; they come last and win: "--constraint=a100".
        finish_partition: Of the job that checks the run, "" for the same: not every partition of GPUs takes jobs
            without one.
    """

    cpus: int = setting(
        4, "CPUs, and threads that work.", keyword="cpus", panel=REQUESTED, metavar="N", least=1
    )
    gpus: int = 0
    memory: str = setting("8G", "Memory.", keyword="memory", flag="--mem", panel=REQUESTED, metavar="SIZE")
    time: str = setting(
        "04:00:00",
        "Time limit; two minutes before it a task leaves, and can be run again.",
        keyword="time",
        panel=REQUESTED,
        metavar="TIME",
    )
    partition: str = setting("", "Partition.", keyword="partition", panel=REQUESTED, metavar="NAME")
    account: str = setting("", "Account.", keyword="account", panel=REQUESTED, metavar="NAME")
    extra: tuple[str, ...] = setting(
        (),
        'A further option of sbatch, for example "--constraint=a100". Repeat it.',
        keyword="extra",
        panel=REQUESTED,
        metavar="OPTION",
        text_values=True,
    )
    finish_partition: str = setting(
        "",
        "Partition of the finish job, which needs no GPU; the same if not given.",
        keyword="finish_partition",
        panel=REQUESTED,
        metavar="NAME",
    )

    def __post_init__(self) -> None:
        if self.gpus not in (0, 1):
            hint = "for more GPUs ask for more tasks; for another kind of request use --gpus 0 --extra '--gres=...'"
            raise UsageError(f"--gpus {self.gpus}: a task works with one GPU", hint=hint)
        if not re.fullmatch(r"\d+[KMGT]?", self.memory, re.IGNORECASE):
            raise UsageError(f"--mem {self.memory!r} is no amount of memory", hint="for example 8G")
        if seconds(self.time) < LEAST_SECONDS:
            hint = f"a task leaves {LEAVE_SECONDS} s before its limit, and Slurm may be a minute early"
            raise UsageError(f"--time {self.time} is less than {LEAST_SECONDS // 60} minutes", hint=hint)
        for option in self.extra:
            if not option.startswith("-"):
                hint = "for example --extra=--constraint=a100"
                raise UsageError(f"--extra {option!r} is no option of sbatch", hint=hint)
        _check_single_lines(_named(self))

    def without_gpu(self) -> Resources:
        """Return what a job asks for that only reads: one CPU, no GPU, and what GPUs a site's own options ask for."""
        asks = ("--gres", "--gpu", "-G")
        rest = tuple(option for option in self.extra if not option.startswith(asks))
        return replace(self, cpus=1, gpus=0, extra=rest, partition=self.finish_partition or self.partition)


@dataclass(frozen=True, slots=True)
class SlurmJob:
    """All that the two scripts say.

    Attributes:
        run: Run folder, absolute: the same path on every node.
        num_tasks: How many tasks share the shards; task r takes the shards k with `k mod num_tasks == r`.
        program: Words that start medcutmix on a node.
        changes: Settings that are other than the plan's on a node, by dotted name; a path that begins with `$NAME`
            is expanded there.
        at_once: How many tasks may run at the same time; 0 means as many as the cluster allows.
        setup: Shell lines that come first: "module load cuda".
        stagger: Seconds between the starts of two neighbours; 0 means none.
        name: Of the job.
        retry_failed: Whether complete shards in which pairs failed are rendered again.
        max_fail_frac: Share of the pairs that may fail; None means the plan's.
        gated: Whether the run has an evidence gate, which is calibrated before its first pair.
    """

    run: Path
    num_tasks: int
    program: tuple[str, ...] = ("medcutmix",)
    resources: Resources = field(default_factory=Resources)
    changes: Mapping[str, Any] = field(default_factory=dict)
    at_once: int = setting(
        0,
        "Tasks that may run at the same time; 0: as many as the cluster allows.",
        keyword="at_once",
        panel=ARRAY,
        metavar="M",
        least=0,
    )
    setup: tuple[str, ...] = setting(
        (),
        'Shell line before the program, for example "module load cuda"; with it the program is the medcutmix on the '
        "node's PATH. Repeat it.",
        keyword="setup",
        panel=ARRAY,
        metavar="LINE",
        text_values=True,
    )
    stagger: int = setting(
        1,
        "Seconds between the starts of neighbours, which spares shared storage; 0: none.",
        keyword="stagger",
        panel=ARRAY,
        metavar="SECONDS",
        least=0,
    )
    name: str = setting(
        "medcutmix", "Name of the job.", keyword="name", flag="--job-name", panel=ARRAY, metavar="NAME"
    )
    retry_failed: bool = False
    max_fail_frac: float | None = None
    gated: bool = True

    def __post_init__(self) -> None:
        if not self.run.is_absolute() or self.num_tasks < 1 or min(self.at_once, self.stagger) < 0:
            raise UsageError("a Slurm job needs an absolute run folder, a task, and no negative number")
        if self.max_fail_frac is not None:
            from medcutmix_cli.configuration.resolution import check_value  # help needs none

            check_value(SETTINGS["run.max_fail_frac"], self.max_fail_frac)
        _check_single_lines(_named(self))
        _check_single_lines(self.changes)

    @property
    def at_most(self) -> str:
        """The suffix of an array expression that limits how many tasks run at once."""
        return f"%{self.at_once}" if self.at_once else ""


def render_sbatch(job: SlurmJob) -> str:
    """Return the script of the array: one task a share of the shards.

    The number of tasks is written out: `SLURM_ARRAY_TASK_COUNT` is another one when some tasks are run again.
    """
    needed, log = _needed(job), f"{_literal(job.run)}/logs/%A_%a.log"
    share = ('--task "$SLURM_ARRAY_TASK_ID"', f"--num-tasks {job.num_tasks}")
    options = (f"--workers {job.resources.cpus}", *_changed(job.changes), *_tolerance(job))
    retry = ["--retry-failed"] if job.retry_failed else []
    start = _call(job, "render", *_HERE, *share, *options, *retry)
    return _script(
        f"# {job.num_tasks} tasks render a run: task R takes the shards k with k mod {job.num_tasks} = R.",
        *([f"#   first, and once      {calibrate_call(job)}"] if job.gated else []),
        "#   submit               sbatch SCRIPT  (this file, whatever it is called)",
        f"#   tasks still needed   {needed}",
        f"#   run them again       sbatch --array=$({needed}){job.at_most} SCRIPT",
        "# A task that is killed, preempted or out of time leaves nothing half-written: complete shards stay.",
        f"#SBATCH --job-name={shlex.quote(job.name)}",
        f"#SBATCH --array=0-{job.num_tasks - 1}{job.at_most}",
        *_asked(job.resources, log),
        *([f"#SBATCH --gres=gpu:{job.resources.gpus}"] if job.resources.gpus else []),
        "#SBATCH --requeue",
        "# Before its time limit the task is asked to leave; it does, with exit code 75.",
        f"#SBATCH --signal=B:USR1@{LEAVE_SECONDS}",
        *_extra(job.resources),
        "",
        *job.setup,
        *_staggered(job.stagger),
        "# exec: signals reach the program itself.",
        f"exec {start}",
    )


def render_finish(job: SlurmJob) -> str:
    """Return the script of the job that comes after the array: what is left, or the data card and `verify`."""
    log = f"{_literal(job.run)}/logs/%j_finish.log"
    left = f"left=$({_needed(job)}) || exit"
    return _script(
        "# Comes after the array: checks the run, or says which tasks to run again and leaves with exit code 75.",
        "#   submit   sbatch --dependency=afterany:ARRAY_JOB_ID SCRIPT  (this file, whatever it is called)",
        f"#SBATCH --job-name={shlex.quote(job.name + '-finish')}",
        *_asked(job.resources.without_gpu(), log),
        *_extra(job.resources.without_gpu()),
        "",
        *job.setup,
        left,
        'if [ -n "$left" ]; then',
        f'  echo "tasks $left of {job.num_tasks} have shards left; run them again:" >&2',
        '  echo "sbatch --array=$left SCRIPT (that of the array), or the same medcutmix batch slurm ... --submit" >&2',
        "  exit 75",
        "fi",
        "# The tasks are done: this replaces what was rejected (from the reserve), and writes the final data card.",
        _call(job, "render", *_HERE, *_tolerance(job)),
        "code=$?",
        "# What is there is checked also where too many pairs failed (3).",
        '[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"',
        f"{_call(job, 'verify')} || exit",
        'exit "$code"',
    )


def calibrate_call(job: SlurmJob) -> str:
    """Return the call that calibrates the run ahead of the array, on a node like those of its tasks."""
    return _call(job, "calibrate", *_changed(job.changes))


def seconds(time: str) -> int:
    """Return a time limit in seconds, from any of the forms that sbatch takes (its manual, `--time`).

    Raises:
        UsageError: It has none of these forms.
    """
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", time)
    if match is None:
        raise UsageError(f"--time {time!r} is no time limit", hint="for example 04:00:00 or 1-12:00")
    days, first, second, third = (int(part) if part else 0 for part in match.groups())
    if match[1] or match[4]:
        return ((days * 24 + first) * 60 + second) * 60 + third
    return first * 60 + second


_HERE = ("--engine local",)
"""A task renders by itself, also where the plan was made for Ray."""


def _script(*lines: str) -> str:
    return "\n".join(("#!/bin/bash", *lines)) + "\n"


def _asked(resources: Resources, log: str) -> list[str]:
    """List what both jobs ask for; a site's own options (`_extra`) come after all others and win."""
    asked = {
        "output": shlex.quote(log),
        "open-mode": "append",
        "ntasks": "1",
        "cpus-per-task": str(resources.cpus),
        "mem": resources.memory,
        "time": resources.time,
        "partition": shlex.quote(resources.partition) if resources.partition else "",
        "account": shlex.quote(resources.account) if resources.account else "",
    }
    return [f"#SBATCH --{name}={value}" for name, value in asked.items() if value]


def _extra(resources: Resources) -> list[str]:
    return [f"#SBATCH {option}" for option in resources.extra]


def _literal(path: Path) -> str:
    """Return a path as the name of a log: there a percent sign begins a replacement, and two of them are one."""
    return str(path).replace("%", "%%")


def _staggered(stagger: int) -> list[str]:
    if not stagger:
        return []
    return [
        "# Not all at once: shared storage is spared.",
        f"sleep $(( SLURM_ARRAY_TASK_ID % {STAGGERED} * {stagger} ))",
    ]


def _call(job: SlurmJob, word: str, *options: str) -> str:
    """Return a call of medcutmix about the run; `options` are quoted already."""
    return " ".join((*map(shlex.quote, job.program), word, shlex.quote(str(job.run)), *options))


def _needed(job: SlurmJob) -> str:
    return _call(job, "status", "--retry-expr", f"--num-tasks {job.num_tasks}")


def _tolerance(job: SlurmJob) -> list[str]:
    return [] if job.max_fail_frac is None else [f"--max-fail-frac {job.max_fail_frac:g}"]


def _changed(changes: Mapping[str, Any]) -> list[str]:
    """List the options that say where things are on a node."""
    ordered = [setting for key, setting in SETTINGS.items() if key in changes]
    return [f"{setting.flag} {_word(str(changes[setting.key]))}" for setting in ordered]


def _word(path: str) -> str:
    """Quote a path for the shell; a variable of the node at its beginning stays one, and must be set there."""
    match = re.fullmatch(r"\$(?:(\w+)|\{(\w+)\})(.*)", path)
    if match is None:
        return shlex.quote(path)
    return f'"${{{match[1] or match[2]}:?}}"' + (shlex.quote(match[3]) if match[3] else "")


def _named(record: Resources | SlurmJob) -> dict[str, Any]:
    return {entry.name: getattr(record, entry.name) for entry in fields(record)}


def _check_single_lines(values: Mapping[str, Any]) -> None:
    """Refuse what would break out of a comment or a line of the script.

    Raises:
        UsageError: A text that is not one printable line.
    """
    for name, value in values.items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str | Path) and not str(text).isprintable():
                raise UsageError(
                    f"{name} {str(text)!r} is not one printable line",
                    hint="leave out line breaks and control characters",
                )
