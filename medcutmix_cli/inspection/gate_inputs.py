"""What the stored maps of a run are judged by, once more: its gate and its calibration."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.assembly.parts import build_gate
from medcutmix_cli.attention import Gate
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.errors import RunError
from medcutmix_cli.inspection.findings import Findings
from medcutmix_cli.records import MAPPED_MODES
from medcutmix_cli.rendering.calibration import Calibration, read_calibration
from medcutmix_cli.rendering.rows import row_grid, row_placement
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.shards import Row


@dataclass(frozen=True, slots=True)
class GateInputs:
    """What the stored maps are judged by, once more."""

    gate: Gate
    calibration: Calibration

    def hold(self, row: Row) -> bool:
        """Say whether both parents' maps pass the gate with exactly the stored ground_p and guarantee."""
        try:
            return all(self._holds(row, letter) for letter in "ab")
        except ValueError:  # a map that has not the grid it says
            return False

    def _holds(self, row: Row, letter: str) -> bool:
        if not self.gate.min_nulls() or not row[f"sentence_{letter}"]:
            return row[f"ground_p_{letter}"] is row[f"gate_confidence_{letter}"] is None
        nulls = self.calibration.of(row["split"], row["finding_a" if letter == "a" else "finding"])
        peak = self.gate.statistic(row_grid(row, f"map_{letter}"), row_placement(row, letter))
        guarantee = self.gate.guarantee(nulls.size)
        promised = (guarantee.nulls, guarantee.confidence) if guarantee else (None, None)
        stated = (row[f"gate_nulls_{letter}"], row[f"gate_confidence_{letter}"])
        known = self.gate.p_value(peak, nulls) == row[f"ground_p_{letter}"] and promised == stated
        by_maps = row["image_mode"] in MAPPED_MODES
        return known and (not by_maps or self.gate.keeps(peak, nulls))


def read_gate_inputs(folder: RunFolder, record: RunRecord, found: Findings) -> GateInputs:
    """Return what maps are judged by; where it cannot be read, say so."""
    gate, calibration = build_gate(from_plain(record.settings)), Calibration("", {})
    if not gate.min_nulls():
        return GateInputs(gate, calibration)
    if not folder.calibration_file.is_file():
        if folder.shards_there():
            detail = "this file is gone, and shards were gated by it; restore it from a copy"
            found.problems.append(Problem(folder.calibration_file.name, "missing", detail))
    else:
        try:
            calibration = read_calibration(folder.calibration_file)
        except RunError as error:
            found.add_once(Problem(folder.calibration_file.name, "damaged", f"{error.what}; {error.hint}"))
        else:
            if calibration.fingerprint != record.fingerprint:
                detail = "the calibration is of another run; remove it: it is made again"
                found.problems.append(Problem(folder.calibration_file.name, "fingerprint", detail))
    return GateInputs(gate, calibration)
