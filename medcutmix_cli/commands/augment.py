"""`medcutmix augment` and `medcutmix plan`: the same settings; `plan` stops before pixels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session
from medcutmix_cli.commands.setting_options import with_settings

if TYPE_CHECKING:
    from medcutmix_cli.run.status import RunStatus


@with_settings("plan")
def augment(
    context: typer.Context,
    dataset: common.Dataset,
    out: common.NewOut,
    settings: Mapping[str, Any],
    config: common.Config = None,
    retry_failed: common.RetryFailed = False,
    dry_run: common.DryRun = False,
    probe: common.ProbePairs = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
) -> None:
    """Mix a data set into verified-by-design Parquet shards.

    Interrupted, the same command goes on where it stopped.
    """
    session = Session.of(context, quiet=quiet, verbose=verbose)
    if probe is not None or dry_run:
        from medcutmix_cli.commands.check import check_first
        from medcutmix_cli.commands.dry_run import pairs_to_probe, tell_estimate

        pairs = pairs_to_probe(probe, dry_run=dry_run)
    given = {**settings, "config": config, "retry_failed": retry_failed}
    if dry_run:
        from medcutmix_cli.dry_run.estimator import check_startable

        check_startable(dataset, out, config, settings)
        checked = check_first(dataset, settings, config, session, json=json)
        estimate = _metered("estimate_augment", session, dataset, out, probe=pairs, **given)
        tell_estimate(estimate, session, json=json, check=checked)
    else:
        _tell(_metered("augment", session, dataset, out, **given), out, session, json=json)


@with_settings("plan")
def plan(
    context: typer.Context,
    dataset: common.Dataset,
    out: common.NewOut,
    settings: Mapping[str, Any],
    config: common.Config = None,
    dry_run: common.DryRun = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
) -> None:
    """Read all reports and freeze the list of pairs; no picture is read yet."""
    session = Session.of(context, quiet=quiet, verbose=verbose)
    given = {**settings, "config": config}
    if dry_run:
        from medcutmix_cli.commands.dry_run import tell_estimate

        tell_estimate(
            _metered("estimate_augment", session, dataset, out, probe=0, **given), session, json=json
        )
    else:
        _tell(_metered("plan", session, dataset, out, **given), out, session, json=json)


def _tell(status: RunStatus, out: Path, session: Session, *, json: bool) -> None:
    from medcutmix_cli.commands.outcome import tell

    tell(status, out, session, json=json)


def _metered(name: str, session: Session, *places: Path, **given: Any) -> Any:
    """Call a function of the API with a meter of its progress; what it loads takes seconds, and is named first."""
    import medcutmix_cli
    from medcutmix_cli.system.progress import meter

    with meter(quiet=session.quiet) as progress:
        progress("loading libraries", 0, 0)
        return getattr(medcutmix_cli, name)(*places, progress=progress, **given)
