"""`medcutmix calibrate`: measure once what the evidence gate compares with, before an array of tasks starts."""

from __future__ import annotations

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.moved import with_moved
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.engines import Moved


@with_moved
def calibrate(
    context: typer.Context,
    out: opt.Out,
    moved: Moved,
    workers: opt.Workers = None,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Calibrate the evidence gate of a plan, so that no task of an array has to."""
    from medcutmix_cli.assembly.calibrate import calibrate as calibrate_run
    from medcutmix_cli.system.progress import meter
    from medcutmix_cli.terminal import calibration_view, output

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        calibrated = calibrate_run(out, workers=workers or 0, progress=progress, **moved)
    if json:
        print_json("calibration", calibrated, out=out)
    elif not session.quiet:
        output().print(calibration_view(calibrated, out), soft_wrap=True)
