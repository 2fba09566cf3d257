"""`medcutmix calibrate`: measure once what the evidence gate compares with, before an array of tasks starts."""

from __future__ import annotations

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.session import Session, print_json


def calibrate(
    context: typer.Context,
    out: opt.Out,
    workers: opt.Workers = None,
    dataset: opt.MovedDataset = None,
    reports: opt.Reports = None,
    unpaired: opt.Unpaired = None,
    weights: opt.Weights = None,
    device: opt.Device = None,
    stage_dir: opt.StageDir = None,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Calibrate the evidence gate of a plan, so that no task of an array has to."""
    from medcutmix_cli.calibrating import calibrate as calibrate_run
    from medcutmix_cli.engines import Places
    from medcutmix_cli.progress import meter
    from medcutmix_cli.terminal import calibrated_view, output

    session = Session.of(context, quiet=quiet)
    places = Places(dataset, reports, unpaired, weights, device, stage_dir)
    with meter(quiet=session.quiet) as progress:
        calibrated = calibrate_run(out, places=places, workers=workers or 0, progress=progress)
    if json:
        print_json("calibration", calibrated, out=out)
    elif not session.quiet:
        output().print(calibrated_view(calibrated, out), soft_wrap=True)
