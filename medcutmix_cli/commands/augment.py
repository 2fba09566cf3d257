"""`medcutmix augment` and `medcutmix plan`: the same settings; `plan` stops before pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session
from medcutmix_cli.commands.setting_options import with_settings


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
    import medcutmix_cli
    from medcutmix_cli.commands.check import check_first
    from medcutmix_cli.commands.dry_run import pairs_to_probe, tell_estimate

    session = Session.of(context, quiet=quiet, verbose=verbose)
    pairs = pairs_to_probe(probe, dry_run=dry_run)
    given = {**settings, "config": config, "retry_failed": retry_failed}
    if dry_run:
        checked = check_first(dataset, settings, config, session, json=json)
        call = partial(medcutmix_cli.estimate_augment, dataset, out, probe=pairs, **given)
        tell_estimate(_metered(call, session), session, json=json, check=checked)
    else:
        _tell(partial(medcutmix_cli.augment, dataset, out, **given), out, session, json=json)


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
    import medcutmix_cli
    from medcutmix_cli.commands.dry_run import tell_estimate

    session = Session.of(context, quiet=quiet, verbose=verbose)
    given = {**settings, "config": config}
    if dry_run:
        call = partial(medcutmix_cli.estimate_augment, dataset, out, probe=0, **given)
        tell_estimate(_metered(call, session), session, json=json)
    else:
        _tell(partial(medcutmix_cli.plan, dataset, out, **given), out, session, json=json)


def _tell(call: Callable[..., Any], out: Path, session: Session, *, json: bool) -> None:
    from medcutmix_cli.commands.outcome import tell

    tell(_metered(call, session), out, session, json=json)


def _metered(call: Callable[..., Any], session: Session) -> Any:
    """Run with a meter of its progress."""
    from medcutmix_cli.system.progress import meter

    with meter(quiet=session.quiet) as progress:
        return call(progress=progress)
