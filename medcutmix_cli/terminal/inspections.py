"""An inspection as tables: what it holds, how often each finding, the weights, who drew the maps, the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.runs import encoder_warning, status_view
from medcutmix_cli.terminal.words import bar, counted, decimal, facts, plain_table, printable, size, warning

if TYPE_CHECKING:
    from medcutmix_cli.inspection import Inspection, WeightSummary

_KINDS = {"run": "Run", "shards": "Shards without their run", "shard": "Shard"}


def inspection_view(inspection: Inspection) -> RenderableType:
    """Render all but the schema and the pairs."""
    return Group(*_blocks(inspection))


def _blocks(inspection: Inspection) -> Iterator[RenderableType]:
    holds = f"{counted(inspection.rows, 'pair')} in {counted(inspection.shards, 'shard')}, {size(inspection.bytes)}"
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
    most = max(inspection.findings.values(), default=1)
    for finding, count in inspection.findings.items():
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
            "Patients": f"{inspection.patients:,} (none is real)"
            if inspection.synthetic
            else f"{inspection.patients:,}",
            "Encoder": f"{drawn}, weights {weights or 'unknown'}, {encoder.get('licence', 'licence unknown')}",
            "Schema": f"version {inspection.schema_version}, {len(inspection.schema)} columns (see --schema)",
            "Fingerprint": inspection.fingerprint[:16] or "unknown",
        }
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "-"


def schema_view(inspection: Inspection) -> RenderableType:
    """Render every column with its type and meaning; the donor's columns repeat the recipient's."""
    table = plain_table("column", "type", "meaning")
    table.columns[0].no_wrap = True
    table.columns[1].justify = table.columns[2].justify = "left"
    names = {column.name for column in inspection.schema}
    for column in inspection.schema:
        stem = column.name[:-2]
        if column.name.endswith("_b") and f"{stem}_a" in names:
            continue
        both = column.name.endswith("_a") and f"{stem}_b" in names
        table.add_row(f"{column.name}, _b" if both else column.name, _short(column.type), column.meaning)
    return table


def _short(kind: str) -> str:
    return "struct" if kind.startswith("struct") else kind.replace("element: ", "").replace("item: ", "")


def settings_view(settings: Mapping[str, Any], origins: Mapping[str, str]) -> RenderableType:
    """Render every setting with where it came from."""
    table = plain_table("setting", "value", "from")
    table.columns[1].justify = table.columns[2].justify = "left"
    for name, values in settings.items():
        for key, value in values.items():
            table.add_row(f"{name}.{key}", printable(str(value)), origins.get(f"{name}.{key}", ""))
    return table
