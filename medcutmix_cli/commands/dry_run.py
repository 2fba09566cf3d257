"""How `--dry-run` ends: what the run would take, and exit code 1 where the disk does not hold it."""

from __future__ import annotations

import typer

from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.dry_run.estimate import Estimate
from medcutmix_cli.dry_run.estimator import PROBE_PAIRS
from medcutmix_cli.errors import RunError, UsageError


def pairs_to_probe(said: int | None, *, dry_run: bool) -> int:
    """Return how many pairs `--probe` asks for.

    Raises:
        UsageError: It was given without `--dry-run`.
    """
    if said is not None and not dry_run:
        raise UsageError("--probe goes with --dry-run", hint="add --dry-run, or leave out --probe")
    return PROBE_PAIRS if said is None else said


def tell_estimate(estimate: Estimate, session: Session, *, json: bool) -> None:
    """Print an estimate; so that `--dry-run && sbatch ...` stops, a disk that is too small is an error.

    Raises:
        RunError: There is not enough space.
    """
    from medcutmix_cli.terminal import estimate_view, output
    from medcutmix_cli.terminal.words import size

    if json:
        print_json("estimate", estimate)
    elif not session.quiet:
        output().print(estimate_view(estimate))
    if not estimate.plan.pairs and not session.quiet:
        typer.echo("no pair could be planned: the reasons are counted above", err=True)
    space = estimate.space
    if space.fits is False:
        raise RunError(
            f"not enough space: about {size(space.to_write or 0)} to write, {size(space.free)} free",
            where=space.at,
            hint="make space, or choose an output folder on another disk",
        )
