"""What a sample data set holds, for the person who has just had it written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from medcutmix_cli.terminal.words import facts, quantity

if TYPE_CHECKING:
    from medcutmix_cli.datasets.sample import SampleSummary


def sample_view(summary: SampleSummary) -> RenderableType:
    """Render the counts of a sample."""
    frontal = summary.images - summary.laterals
    findings = ", ".join(f"{name} {count:,}" for name, count in summary.findings.items())
    rows = {
        "Studies": f"{summary.studies:,}, of {quantity(summary.patients, 'patient')} (drawn, none is real)",
        "Pictures": f"{frontal:,} frontal, {summary.laterals:,} lateral, {summary.image_format}",
        "Findings": f"{findings}; {summary.normal:,} normal studies",
        "Truth": f"{quantity(summary.boxes, 'lesion')} in boxes.csv",
        "Splits": ", ".join(f"{name} {count:,}" for name, count in summary.splits.items()),
        "Where": str(summary.directory) + ("" if summary.written else " (was there already)"),
    }
    return Group(facts(rows))
