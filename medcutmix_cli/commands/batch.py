"""`medcutmix batch slurm`: the scripts that render a run on a Slurm cluster, printed or submitted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.errors import UsageError

if TYPE_CHECKING:
    from medcutmix_cli.cluster.slurm import SlurmJob

ARRAY, ASKED, WHAT = "Array", "What each task asks for", "What is done"

Tasks = Annotated[
    int | None,
    typer.Option(
        help=common.default("one a shard, at most 1000", "Tasks that share the shards."),
        metavar="N",
        min=1,
        rich_help_panel=ARRAY,
    ),
]
AtOnce = Annotated[
    int,
    typer.Option(
        help="Tasks that may run at the same time; 0: as many as the cluster allows.",
        metavar="M",
        min=0,
        rich_help_panel=ARRAY,
    ),
]
Stagger = Annotated[
    int,
    typer.Option(
        help="Seconds between the starts of neighbours, which spares shared storage; 0: none.",
        metavar="SECONDS",
        min=0,
        rich_help_panel=ARRAY,
    ),
]
JobName = Annotated[
    str, typer.Option("--job-name", help="Name of the job.", metavar="NAME", rich_help_panel=ARRAY)
]
Setup = Annotated[
    list[str] | None,
    typer.Option(
        help='Shell line before the program, for example "module load cuda"; with it the program is the '
        "medcutmix on the node's PATH. Repeat it.",
        metavar="LINE",
        rich_help_panel=ARRAY,
    ),
]
Gpus = Annotated[
    int | None,
    typer.Option(
        help=common.default("1, or 0 with --device cpu", "GPUs, 0 or 1; more GPUs are used by more tasks."),
        metavar="N",
        min=0,
        rich_help_panel=ASKED,
    ),
]
Cpus = Annotated[
    int, typer.Option(help="CPUs, and threads that work.", metavar="N", min=1, rich_help_panel=ASKED)
]
Memory = Annotated[str, typer.Option("--mem", help="Memory.", metavar="SIZE", rich_help_panel=ASKED)]
Time = Annotated[
    str,
    typer.Option(
        help="Time limit; two minutes before it a task leaves, and can be run again.",
        metavar="TIME",
        rich_help_panel=ASKED,
    ),
]
Partition = Annotated[str, typer.Option(help="Partition.", metavar="NAME", rich_help_panel=ASKED)]
FinishPartition = Annotated[
    str,
    typer.Option(
        help="Partition of the finish job, which needs no GPU; the same if not given.",
        metavar="NAME",
        rich_help_panel=ASKED,
    ),
]
Account = Annotated[str, typer.Option(help="Account.", metavar="NAME", rich_help_panel=ASKED)]
Extra = Annotated[
    list[str] | None,
    typer.Option(
        help='A further option of sbatch, for example "--constraint=a100". Repeat it.',
        metavar="OPTION",
        rich_help_panel=ASKED,
    ),
]
Finish = Annotated[
    bool,
    typer.Option(
        "--finish",
        help="Print the job that comes after the array: it says what is left, or verifies.",
        rich_help_panel=WHAT,
    ),
]
Submit = Annotated[
    bool,
    typer.Option(
        "--submit",
        help="Submit the tasks that have shards to render, and the finish job behind them; print both job ids.",
        rich_help_panel=WHAT,
    ),
]


@with_settings("slurm")
def slurm(
    context: typer.Context,
    out: common.Out,
    settings: Mapping[str, Any],
    submit: Submit = False,
    finish: Finish = False,
    tasks: Tasks = None,
    at_once: AtOnce = 0,
    stagger: Stagger = 1,
    setup: Setup = None,
    job_name: JobName = "medcutmix",
    gpus: Gpus = None,
    cpus: Cpus = 4,
    memory: Memory = "8G",
    time: Time = "04:00:00",
    partition: Partition = "",
    finish_partition: FinishPartition = "",
    account: Account = "",
    extra: Extra = None,
    retry_failed: common.RetryFailed = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Print the sbatch script of an array that renders a plan, or submit it."""
    from medcutmix_cli.cluster.slurm import Resources, render_finish, render_sbatch
    from medcutmix_cli.cluster.submission import slurm_job

    if submit and finish:
        raise UsageError("--submit submits the finish job as well", hint="leave out --finish")
    job = slurm_job(
        out,
        tasks=tasks,
        gpus=gpus,
        resources=Resources(cpus, 0, memory, time, partition, account, tuple(extra or ()), finish_partition),
        at_once=at_once,
        setup=tuple(setup or ()),
        stagger=stagger,
        name=job_name,
        retry_failed=retry_failed,
        **settings,
    )
    session = Session.of(context, quiet=quiet)
    if submit:
        _submit(job, out, session, json=json)
    elif json:
        print_json("slurm", job, out=out, run_sbatch=render_sbatch(job), finish_sbatch=render_finish(job))
    else:
        typer.echo(render_finish(job) if finish else render_sbatch(job), nl=False)


def _submit(job: SlurmJob, out: Path, session: Session, *, json: bool) -> None:
    """Submit what is left; the ids of the array and of its finish job go to stdout, a line each."""
    from medcutmix_cli.cluster.slurm import calibrate_call
    from medcutmix_cli.cluster.submission import submit

    submission = submit(job)
    if json:
        print_json("submission", submission, out=out)
    elif submission.array:
        typer.echo(f"{submission.array}\n{submission.finish}")
    if session.quiet or json:
        return
    if submission.array:
        said = f"tasks {submission.tasks} of {submission.num_tasks} are submitted, and the finish job behind them"
        typer.echo(f"{said}; logs: {job.run / 'logs'}", err=True)
        if not submission.calibrated:
            said = "each task that starts calibrates the evidence gate by itself; once for all of them"
            typer.echo(f"{said}: {calibrate_call(job)}", err=True)
    else:
        typer.echo(f"every shard is complete, nothing is submitted; check: medcutmix verify {out}", err=True)
