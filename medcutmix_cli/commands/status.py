"""`medcutmix status`: how far a run is, from its small files only."""

from __future__ import annotations

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.session import Session


def status(
    context: typer.Context,
    out: opt.Out,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Say how far a run is and what became of every study and pair."""
    from medcutmix_cli.commands.outcome import tell
    from medcutmix_cli.inspection import status as run_status

    tell(run_status(out), out, Session.of(context, quiet=quiet, verbose=verbose), json=json)
