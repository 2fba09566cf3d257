"""An inspection as tables: what it holds, how often each finding, the weights, who drew the maps, the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import TYPE_CHECKING, Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.runs import encoder_warning, status_view
from medcutmix_cli.terminal.words import bar, decimal, facts, plain_table, printable, quantity, size, warning

if TYPE_CHECKING:
    from medcutmix_cli.inspection.summary import Inspection, WeightSummary

_KINDS = {"run": "Run", "shards": "Shards without their run", "shard": "Shard"}


def inspection_view(inspection: Inspection) -> RenderableType:
    """Render all but the schema and the pairs."""
    return Group(*_blocks(inspection))


def _blocks(inspection: Inspection) -> Iterator[RenderableType]:
    holds = f"{quantity(inspection.rows, 'pair')} in {quantity(inspection.shards, 'shard')}, {size(inspection.bytes)}"
    yield Text.assemble((printable(inspection.path), "bold"), overflow="fold")
    yield f"{_KINDS[inspection.kind]}: {holds}"
    yield ""
    if inspection.status:
        yield status_view(inspection.status, inspection.path)
    else:
        yield facts({"Terms": inspection.terms or "not said"})
        note = encoder_warning(inspection.encoder)
        if note:
            yield Padding(warning(note), (1, 0, 0, 0))
    yield ""
    yield Columns([_findings(inspection), _weights(inspection.weights)], padding=(0, 2))
    yield ""
    yield _origin(inspection)


def _findings(inspection: Inspection) -> Table:
    table = plain_table("finding", "pairs", "")
    table.columns[2].justify = "left"
    most = max(inspection.came_in.values(), default=1)
    for finding, count in inspection.came_in.items():
        table.add_row(printable(finding), f"{count:,}", Text(bar(count / most, 8), style="cyan"))
    return table


def _weights(weights: tuple[WeightSummary, ...]) -> Table:
    table = plain_table("weight", "min", "mean", "max")
    for weight in weights:
        values = (decimal(weight.minimum), decimal(weight.mean), decimal(weight.maximum))
        table.add_row(weight.name, *values, style="bold" if weight.name == "lam" else "")
    return table


def _origin(inspection: Inspection) -> Table:
    encoder = inspection.encoder
    drawn = f"{encoder.get('name', 'unknown')} ({encoder.get('map_kind', 'unknown')} maps)"
    weights = str(encoder.get("weights_sha256", ""))[:12]
    return facts(
        {
            "Splits": _counts(inspection.splits),
            "Strategy": _counts(inspection.strategies),
            "Pictures": _counts(inspection.image_modes),
            **_gate(inspection),
            **_unusual(inspection),
            "Patients": f"{inspection.patients:,} (none is real)"
            if inspection.synthetic
            else f"{inspection.patients:,}",
            "Encoder": f"{drawn}, weights {weights or 'unknown'}, {encoder.get('licence', 'licence unknown')}",
            "Schema": f"version {inspection.schema_version}, {len(inspection.schema)} columns (--schema tells them)",
            "Fingerprint": inspection.fingerprint[:16] or "unknown",
        }
    )


def _gate(inspection: Inspection) -> dict[str, str]:
    """Say of shards without their run how sure their gate was; a run says it of every finding."""
    if inspection.status or isnan(inspection.least_confidence):
        return {}
    return {
        "Gate": f"confidence {inspection.least_confidence:.2f} or more (gate_confidence_a, gate_confidence_b)"
    }


def _unusual(inspection: Inspection) -> dict[str, str]:
    """Say what must not be overlooked, and nothing where there is nothing unusual."""
    counts = {
        "impression not consistent": inspection.inconsistent,
        "report made from labels": inspection.prompted,
    }
    said = [f"{count:,} {words}" for words, count in counts.items() if count]
    return {"Flagged": ", ".join(said)} if said else {}


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "-"


def settings_view(settings: Mapping[str, Any], origins: Mapping[str, str]) -> RenderableType:
    """Render every setting with where it came from."""
    table = plain_table("setting", "value", "from")
    table.columns[1].justify = table.columns[2].justify = "left"
    for name, values in settings.items():
        for key, value in values.items():
            table.add_row(f"{name}.{key}", printable(str(value)), origins.get(f"{name}.{key}", ""))
    return table
