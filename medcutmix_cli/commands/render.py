"""`medcutmix render`: the shards of a plan, all of them or one task's share."""

from __future__ import annotations

from typing import Annotated

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.moved import with_moved
from medcutmix_cli.commands.session import Session
from medcutmix_cli.engines import Moved

Task = Annotated[
    int, typer.Option(help="Number of this task, from 0.", metavar="R", min=0, rich_help_panel=opt.RUN)
]
NumTasks = Annotated[
    int,
    typer.Option(
        help="How many tasks share the shards; task R takes every N-th.",
        metavar="N",
        min=1,
        rich_help_panel=opt.RUN,
    ),
]


@with_moved
def render(
    context: typer.Context,
    out: opt.Out,
    moved: Moved,
    task: Task = 0,
    num_tasks: NumTasks = 1,
    workers: opt.Workers = None,
    engine: opt.Engine = None,
    engine_option: opt.EngineOption = None,
    retry_failed: opt.RetryFailed = False,
    max_fail_frac: opt.MaxFailFrac = None,
    dry_run: opt.DryRun = False,
    probe: opt.ProbePairs = None,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Mix the pairs of a plan; complete shards are left as they are."""
    from medcutmix_cli.commands.dry_run import pairs_to_probe, tell_estimate
    from medcutmix_cli.commands.outcome import tell
    from medcutmix_cli.dry_run.estimator import estimate_render
    from medcutmix_cli.pipeline import render as render_run
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet, verbose=verbose)
    pairs = pairs_to_probe(probe, dry_run=dry_run)
    if dry_run:
        with meter(quiet=session.quiet) as progress:
            estimate = estimate_render(
                out,
                probe=pairs,
                task=task,
                num_tasks=num_tasks,
                workers=workers,
                engine=engine,
                engine_options=opt.parse_engine_options(engine_option),
                retry_failed=retry_failed,
                progress=progress,
                **moved,
            )
        tell_estimate(estimate, session, json=json)
        return
    with meter(quiet=session.quiet) as progress:
        status = render_run(
            out,
            task=task,
            num_tasks=num_tasks,
            workers=workers,
            engine=engine,
            engine_options=opt.parse_engine_options(engine_option),
            retry_failed=retry_failed,
            max_fail_frac=max_fail_frac,
            progress=progress,
            **moved,
        )
    tell(status, out, session, json=json)
