"""What an export holds: rows by split, who reads it, what was left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType

from medcutmix_cli.terminal.words import facts, quantity, reasons_hint, size

if TYPE_CHECKING:
    from medcutmix_cli.exports.manifest import ExportManifest
    from medcutmix_cli.exports.sections import SectionSummary

_NOUNS = {"mix": ("mix", "mixes"), "original": ("original", "originals")}


def export_view(manifest: ExportManifest, out: Path) -> RenderableType:
    """Render an export: what it holds, for whom, and what must not be flipped."""
    by_split = [
        f"{split}: " + ", ".join(quantity(count, *_NOUNS[source]) for source, count in by_source.items())
        for split, by_source in manifest.rows.items()
        if by_source
    ]
    return facts(
        {
            "Rows": "; ".join(by_split),
            **_formulas(manifest.formulas, escaped=manifest.request.get("escape_formulas", False)),
            **_left_out(manifest.dropped),
            "No flips": f"{manifest.no_hflip:,} of {quantity(manifest.total, 'row')} name a side (no_hflip)",
            **_prompted(manifest),
            "Files": f"{manifest.files:,}, {size(manifest.bytes)}",
            **_readers(manifest, out),
            "Terms": manifest.terms,
            "Where": str(out),
        }
    )


def sections_view(summary: SectionSummary) -> RenderableType:
    """Render what the table of sections holds."""
    filled = ", ".join(f"{name} {count:,}" for name, count in summary.filled.items())
    return facts(
        {
            "Reports": f"{summary.rows:,}",
            "Sections": filled,
            **_formulas(summary.formulas),
            **_left_out(summary.dropped),
            "Where": str(summary.out),
        }
    )


def _readers(manifest: ExportManifest, out: Path) -> dict[str, str]:
    """Say who reads each folder, and how."""
    return {
        f"For {tree}".strip(): line.replace("`", "").replace("OUT", str(out))
        for tree, line in manifest.readers.items()
    }


def _prompted(manifest: ExportManifest) -> dict[str, str]:
    """Say how many rows have words that were made from labels, where there is any."""
    count = manifest.prompted
    said = f"{quantity(count, 'row')} with a report, or a sentence of one, made from labels (prompted)"
    return {"Prompted": said} if count else {}


def _formulas(count: int, *, escaped: bool = False) -> dict[str, str]:
    """Say how many texts a spreadsheet would run, where there is any."""
    if not count:
        return {}
    told = f"{quantity(count, 'text')} of the tables begin with =, +, - or @"
    hint = (
        "have an apostrophe before them" if escaped else "open them in no spreadsheet, or --escape-formulas"
    )
    return {"Formulas": f"{told}: {hint}"}


def _left_out(dropped: Mapping[str, int]) -> dict[str, str]:
    told = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items() if count)
    hint = reasons_hint(dropped)
    return {"Left out": told or "none", **({"Why": hint} if hint else {})}
