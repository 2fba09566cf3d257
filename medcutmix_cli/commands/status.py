"""`medcutmix status`: how far a run is, from its small files only."""

from __future__ import annotations

from typing import Annotated

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session

ARRAY = "Array"

RetryExpression = Annotated[
    bool,
    typer.Option(
        "--retry-expr",
        help="Print nothing but the tasks that have shards to render, as sbatch --array takes them: 1-2,5-10.",
        rich_help_panel=ARRAY,
    ),
]
NumTasks = Annotated[
    int | None,
    typer.Option(
        help=common.default("as batch slurm has it", "With --retry-expr: how many tasks share the shards."),
        metavar="N",
        min=1,
        rich_help_panel=ARRAY,
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="With --retry-expr: also the tasks that have complete shards in which pairs failed.",
        rich_help_panel=ARRAY,
    ),
]


def status(
    context: typer.Context,
    out: common.Out,
    retry_expr: RetryExpression = False,
    num_tasks: NumTasks = None,
    retry_failed: RetryFailed = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
) -> None:
    """Say how far a run is and what became of every study and pair."""
    from medcutmix_cli.cluster.tasks import default_tasks, retry_expression
    from medcutmix_cli.commands.outcome import tell
    from medcutmix_cli.inspection.summary import status as full_status
    from medcutmix_cli.run.folder import RunFolder
    from medcutmix_cli.run.status import run_status

    if retry_expr:
        found = run_status(RunFolder(out))
        shards = found.to_render(retry_failed=retry_failed)
        typer.echo(retry_expression(shards, num_tasks or default_tasks(found.shards)))
        return
    tell(full_status(out), out, Session.of(context, quiet=quiet, verbose=verbose), json=json)
