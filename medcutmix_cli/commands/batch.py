"""`medcutmix batch slurm`: the scripts that render a run on a Slurm cluster, printed or submitted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.cluster.slurm import ARRAY, REQUESTED, Resources, SlurmJob
from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_record, with_settings
from medcutmix_cli.errors import UsageError

WHAT = "What is done"

Tasks = Annotated[
    int | None,
    typer.Option(
        help=common.default("one a shard, at most 1000", "Tasks that share the shards."),
        metavar="N",
        min=1,
        rich_help_panel=ARRAY,
    ),
]
Gpus = Annotated[
    int | None,
    typer.Option(
        help=common.default(
            "1, or 0 with --device cpu, bundled or precomputed maps",
            "GPUs, 0 or 1; more GPUs are used by more tasks.",
        ),
        metavar="N",
        min=0,
        rich_help_panel=REQUESTED,
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
@with_record("array", SlurmJob)
@with_record("requested", Resources)
def slurm(
    context: typer.Context,
    out: common.Out,
    settings: Mapping[str, Any],
    array: Mapping[str, Any],
    requested: Mapping[str, Any],
    submit: Submit = False,
    finish: Finish = False,
    tasks: Tasks = None,
    gpus: Gpus = None,
    retry_failed: common.RetryFailed = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Print the sbatch script of an array that renders a plan, or submit it."""
    from medcutmix_cli.cluster.slurm import render_finish, render_sbatch
    from medcutmix_cli.cluster.submission import slurm_job

    if submit and finish:
        raise UsageError("--submit submits the finish job as well", hint="leave out --finish")
    job = slurm_job(
        out,
        tasks=tasks,
        gpus=gpus,
        resources=Resources(**_given(requested)),
        **_given(array),
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


def _given(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if value is not None}


def _submit(job: SlurmJob, out: Path, session: Session, *, json: bool) -> None:
    """Submit what is left; the ids of the array and of its finish job go to stdout, a line each, with what they are."""
    from medcutmix_cli.cluster.slurm import calibrate_call
    from medcutmix_cli.cluster.submission import submit

    submission = submit(job)
    if json:
        print_json("submission", submission, out=out)
    elif submission.array:
        typer.echo(f"array {submission.array}\nfinish {submission.finish}")
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
