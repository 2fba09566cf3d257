"""Calibrate a run's evidence gate ahead of rendering, so that the tasks of an array need not do it one and all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from medcutmix_cli.assembly.opening import open_renderer
from medcutmix_cli.configuration.keywords import CalibrateKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.resolution import from_plain, named_values
from medcutmix_cli.configuration.settings import settings_of
from medcutmix_cli.engines import Progress, Work
from medcutmix_cli.records import Guarantee
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.guarantees import read_guarantees
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.storage_errors import explain_storage_errors


@dataclass(frozen=True, slots=True)
class CalibrationSummary:
    """What the gate of a run compares with.

    Attributes:
        gate: Registered name.
        made: Whether it was made now; False where it lay there already, or where the gate needs none.
        pictures: "split/finding" -> pictures without the finding that were measured.
        left_out: Pictures that could not be used, by reason.
        guarantees: "split/finding" -> what the gate promises with so many pictures.
    """

    gate: str
    made: bool
    pictures: Mapping[str, int]
    left_out: Mapping[str, int]
    guarantees: Mapping[str, Guarantee]


@describe_options("calibrate")
@show_progress
def calibrate(
    out: str | Path,
    *,
    progress: Progress | None = None,
    **options: Unpack[CalibrateKeywords],
) -> CalibrationSummary:
    """Measure the pictures without a finding that the plan chose, unless `calibration.json` lies there already.

    Args:
        out: Run folder with a plan.
        progress: Called with ("calibrating", pictures done, pictures).
        **options: Settings that are other than the plan's: where things are now, and `workers`.

    Raises:
        RunError: There is no plan in `out`, or the folder cannot be written.
        MedcutmixError: Anything else a person can act on; see `errors`.
    """
    folder = RunFolder(Path(out))
    record = read_run(folder)
    there = folder.calibration_file.is_file()
    with explain_storage_errors(folder.root):
        folder.create()
        folder.clean_temporaries()
    changes = named_values(settings_of("calibrate"), options)
    renderer = open_renderer(Work(folder.root.resolve(), record.fingerprint, (), (), changes), progress)
    peaks = renderer.rules.calibration.peaks
    return CalibrationSummary(
        gate=from_plain(record.settings).mixing.gate,
        made=not there and folder.calibration_file.is_file(),
        pictures={key: int(values.size) for key, values in peaks.items()},
        left_out=dict(renderer.rules.calibration.left_out),
        guarantees=read_guarantees(folder, record),
    )
