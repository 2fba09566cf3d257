"""What a run would take, as tables: what was planned, the probe, space and time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.system.progress import duration
from medcutmix_cli.terminal.runs import encoder_warning, with_reasons
from medcutmix_cli.terminal.shapes import shape_view
from medcutmix_cli.terminal.targets import targets_table
from medcutmix_cli.terminal.words import facts, plain_table, quantity, reasons_hint, size, warning

if TYPE_CHECKING:
    from medcutmix_cli.dry_run.estimate import Estimate, Forecast, PlanFigures, Space
    from medcutmix_cli.dry_run.probe import Probe


def estimate_view(estimate: Estimate) -> RenderableType:
    """Render an estimate; what was not probed is not spoken of."""
    return Group(*_blocks(estimate))


def _blocks(estimate: Estimate) -> Iterator[RenderableType]:
    yield Text("Dry run: nothing stays behind", style="bold")
    rows: dict[str, Text | str | Table] = {**_planned(estimate.plan), "To do": _to_do(estimate)}
    if estimate.probe:
        rows["Probe"] = _probe(estimate.probe)
    rows["Space"] = _space(estimate.space)
    if estimate.outlook:
        rows["Time"] = _time(estimate.plan, estimate.outlook)
    if estimate.peak_memory_bytes:
        rows["Memory"] = f"{size(estimate.peak_memory_bytes)} at most so far, in this process"
    yield facts(rows)
    if estimate.outlook:
        yield ""
        yield _spans(estimate, estimate.outlook)
    if estimate.plan.shape and estimate.plan.shape.rows:
        yield ""
        yield shape_view(estimate.plan.shape, targeted=bool(estimate.plan.targets))
    own = (_failing(estimate.probe), _mixing_none(estimate), encoder_warning(estimate.encoder))
    for text in (*own, *estimate.plan.warnings):
        if text:
            yield Padding(warning(text), (1, 0, 0, 0))


def _planned(plan: PlanFigures) -> dict[str, Table | str | Text]:
    counts = plan.studies
    head = f"{counts['inputs']:,} in: {counts['planned']:,} planned, {counts['dropped']:,} left out"
    kept = (
        f" ({plan.pairs - plan.unmixed:,} mixes, {plan.unmixed:,} studies as they are)"
        if plan.unmixed
        else ""
    )
    missing = f", {plan.pairs_missing:,} not found" if plan.pairs_missing else ""
    pairs = f"{plan.pairs:,} planned{kept}{missing}"
    took = f"made in {duration(plan.seconds)}" if plan.seconds is not None else "lies there already"
    by_pairing = plan.pairs_by_pairing if len(plan.pairs_by_pairing) > 1 else {}
    rows: dict[str, Table | str | Text] = {
        "Studies": with_reasons(head, {"": plan.dropped, "picture": plan.images_dropped}),
        "Pairs": with_reasons(pairs, {"": plan.pairs_by_finding, "pairing": by_pairing}),
    }
    if plan.targets:
        rows["Targets"] = targets_table(plan.targets)
    if plan.refused:
        rows["Refused"] = with_reasons(f"{sum(plan.refused.values()):,} candidates", {"": plan.refused})
    lost = (plan.dropped, plan.images_dropped, plan.refused)
    if hint := reasons_hint(*lost):
        rows["Why"] = hint
    rows["Plan"] = f"{quantity(plan.shards, 'shard')}, {size(plan.bytes)} on disk; {took}"
    return rows


def _to_do(estimate: Estimate) -> str:
    whole = f"{quantity(estimate.shards_to_do, 'shard')}, {quantity(estimate.pairs_to_do, 'pair')}"
    share = f"task {estimate.task} of {estimate.num_tasks:,}: " if estimate.num_tasks > 1 else ""
    if not estimate.plan.pairs:
        return "nothing: no pair could be planned"
    return f"{share}{whole}" if estimate.shards_to_do else f"{share}nothing, all shards are complete"


def _probe(probe: Probe) -> Table:
    lost = {"rejected": probe.rejected, "failed": probe.failed}
    timed = f"{quantity(probe.pairs, 'pair')} in {duration(probe.seconds)}, after a warm-up"
    kept = f", {probe.unmixed:,} of them studies as they are" if probe.unmixed else ""
    head = f"{timed} ({probe.device}): {probe.written:,} written{kept}"
    return with_reasons(head, lost)


def _space(space: Space) -> Text | str:
    free = f"{size(space.free)} free"
    if space.to_write is None:
        return f"{free} at {space.at}"
    if space.fits:
        return f"about {size(space.to_write)} to write, {free}: it fits"
    return Text(f"about {size(space.to_write)} to write, {free}: it does not fit", style="bold red")


def _time(plan: PlanFigures, outlook: Forecast) -> str:
    parts = [f"plan {duration(plan.seconds)}"] if plan.seconds is not None else []
    parts.append(f"start-up {duration(outlook.start_seconds)}")
    parts.append(f"rendering {duration(outlook.render_seconds)}")
    return ", ".join(parts)


def _spans(estimate: Estimate, outlook: Forecast) -> Table:
    """Return one row for the engine and one for each number of tasks, with what each of them renders."""
    table = plain_table("start-up and rendering", "at once", "shards each", "time")
    here = f"{estimate.engine}, {quantity(estimate.workers, 'worker')}"
    rows = [(here, outlook.here), *(("Slurm, tasks on such machines", span) for span in outlook.array)]
    for name, span in rows:
        table.add_row(name, f"{span.at_once:,}", f"{span.shards:,}", duration(span.seconds))
    return table


def _failing(probe: Probe | None) -> str:
    if probe is None or not probe.failed:
        return ""
    failed = sum(probe.failed.values())
    return f"{failed:,} of the {quantity(probe.pairs, 'pair')} of the probe failed: the figures tell little"


def _mixing_none(estimate: Estimate) -> str:
    """Say that a probe wrote no mix; where it tried all of them, that is an error already."""
    probe = estimate.probe
    if probe is None or not probe.rejected or probe.written > probe.unmixed or estimate.mixes_nothing:
        return ""
    return f"none of {quantity(probe.mixes_tried, 'mix', 'mixes')} in the probe was written: the run may mix little"
