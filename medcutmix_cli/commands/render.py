"""`medcutmix render`: the shards of a plan, all of them or one task's share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.configuration.declaration import RUN

Task = Annotated[
    int, typer.Option(help="Number of this task, from 0.", metavar="R", min=0, rich_help_panel=RUN)
]
NumTasks = Annotated[
    int,
    typer.Option(
        help="How many tasks share the shards; task R takes every N-th.",
        metavar="N",
        min=1,
        rich_help_panel=RUN,
    ),
]


@with_settings("render")
def render(
    context: typer.Context,
    out: common.Out,
    settings: Mapping[str, Any],
    task: Task = 0,
    num_tasks: NumTasks = 1,
    retry_failed: common.RetryFailed = False,
    dry_run: common.DryRun = False,
    probe: common.ProbePairs = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
) -> None:
    """Mix the pairs of a plan; complete shards are left as they are."""
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet, verbose=verbose)
    given: dict[str, Any] = {**settings, "task": task, "num_tasks": num_tasks, "retry_failed": retry_failed}
    with meter(quiet=session.quiet) as progress:
        progress("loading libraries", 0, 0)
        from medcutmix_cli import pipeline
        from medcutmix_cli.commands.dry_run import pairs_to_probe, tell_estimate
        from medcutmix_cli.commands.outcome import tell
        from medcutmix_cli.dry_run.estimator import estimate_render

        pairs = pairs_to_probe(probe, dry_run=dry_run)
        if dry_run:
            estimate = estimate_render(out, probe=pairs, progress=progress, **given)
        else:
            status = pipeline.render(out, progress=progress, **given)
    if dry_run:
        tell_estimate(estimate, session, json=json)
    else:
        tell(status, out, session, json=json, after_plan=True, num_tasks=num_tasks)
