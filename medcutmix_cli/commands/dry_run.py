"""How `--dry-run` ends: what the run would take, an error where there is no pair, or no space for them."""

from __future__ import annotations

from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.dry_run.dataset_check import DatasetCheck
from medcutmix_cli.dry_run.estimate import Estimate
from medcutmix_cli.dry_run.estimator import PROBE_PAIRS
from medcutmix_cli.errors import RunError, UsageError
from medcutmix_cli.run.hints import no_mixes_probed, no_pairs_planned


def pairs_to_probe(said: int | None, *, dry_run: bool) -> int:
    """Return how many pairs `--probe` asks for.

    Raises:
        UsageError: It was given without `--dry-run`.
    """
    if said is not None and not dry_run:
        raise UsageError("--probe goes with --dry-run", hint="add --dry-run, or leave out --probe")
    return PROBE_PAIRS if said is None else said


def tell_estimate(
    estimate: Estimate, session: Session, *, json: bool, check: DatasetCheck | None = None
) -> None:
    """Print an estimate; so that `--dry-run && sbatch ...` stops, no pair and a disk that is too small are errors.

    Raises:
        NoPairsError: No pair could be planned, or the probe tried all mixes, and none was written.
        RunError: There is not enough space.
    """
    from medcutmix_cli.terminal import estimate_view, output
    from medcutmix_cli.terminal.words import size

    if json:
        print_json("estimate", estimate, **({"check": check} if check else {}))
    elif not session.quiet:
        output().print(estimate_view(estimate))
    if not estimate.plan.pairs:
        raise no_pairs_planned(estimate.plan.dropped, estimate.out)
    if estimate.mixes_nothing and estimate.probe:
        raise no_mixes_probed(estimate.probe.rejected, estimate.out)
    space = estimate.space
    if space.fits is False:
        raise RunError(
            f"not enough space: about {size(space.to_write or 0)} to write, {size(space.free)} free",
            where=space.at,
            hint="make space, or choose an output folder on another disk",
        )
