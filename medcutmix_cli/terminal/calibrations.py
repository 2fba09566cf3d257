"""What a run's evidence gate was calibrated on, and what to type next."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.guarantees import gate_view
from medcutmix_cli.terminal.runs import next_commands
from medcutmix_cli.terminal.words import facts, reasons_hint

if TYPE_CHECKING:
    from medcutmix_cli.assembly.calibrate import CalibrationSummary


def calibration_view(calibrated: CalibrationSummary, out: str | Path) -> RenderableType:
    """Render how many pictures stand for each finding, and those that were left out."""
    if not calibrated.pictures:
        return Text(
            f"Nothing to calibrate: no pair of the plan asks anything of the gate {calibrated.gate!r}."
        )
    per_finding = ", ".join(f"{key} {count:,}" for key, count in calibrated.pictures.items())
    rows: dict[str, Text | str | Table] = {
        "Gate": f"{calibrated.gate}, {'calibrated now' if calibrated.made else 'calibrated before'}",
        "Pictures": f"{sum(calibrated.pictures.values()):,} comparisons: {per_finding}",
        "Promise": gate_view(calibrated.gate, calibrated.guarantees),
    }
    if calibrated.left_out:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in calibrated.left_out.items())
        rows["Left out"] = reasons
        rows["Why"] = reasons_hint(calibrated.left_out)
    return Group(facts(rows), next_commands([f"medcutmix render {shlex.quote(str(out))}"]))
