"""`medcutmix calibrate`: measure once what the evidence gate compares with, before an array of tasks starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings


@with_settings("calibrate")
def calibrate(
    context: typer.Context,
    out: common.Out,
    settings: Mapping[str, Any],
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Calibrate the evidence gate of a plan, so that no task of an array has to."""
    from medcutmix_cli.assembly.calibrate import calibrate as calibrate_run
    from medcutmix_cli.system.progress import meter
    from medcutmix_cli.terminal import calibration_view, output

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        calibrated = calibrate_run(out, progress=progress, **settings)
    if json:
        print_json("calibration", calibrated, out=out)
    elif not session.quiet:
        output().print(calibration_view(calibrated, out), soft_wrap=True)
