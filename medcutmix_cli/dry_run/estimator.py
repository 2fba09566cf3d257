"""What a run would take, before it is made: pairs, drops, bytes, time. Leaves nothing behind.

The plan is made in a scratch folder on the disk where the run will lie, and some of its pairs are rendered there
by the engine that would render them all. A run folder that is there already stays as it is, byte for byte.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from medcutmix_cli.assembly.opening import check_places
from medcutmix_cli.assembly.parts import (
    build_choices,
    build_run_encoder,
    complete_settings,
    open_source,
    resolve_options,
)
from medcutmix_cli.assembly.relocation import explicit_keywords, relocate_settings
from medcutmix_cli.configuration.keywords import PlanKeywords, RenderKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.dry_run.estimate import Duration, Estimate, Forecast, PlanFigures, Space
from medcutmix_cli.dry_run.probe import Probe, home_of, peak_memory, pictures_of, render_probe, scratch_folder
from medcutmix_cli.engines import Engine, ParallelEngine, Progress, Work
from medcutmix_cli.errors import UsageError
from medcutmix_cli.pipeline import plan, still_to_do
from medcutmix_cli.records import TargetOutcome
from medcutmix_cli.reports.tables import read_lexicon, use_lexicon
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.run.shape import to_shape
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.disk_space import free_bytes, nearest_folder
from medcutmix_cli.system.progress import show_progress

PROBE_PAIRS = 32
ARRAYS = (1, 4, 16, 64)
"""Numbers of tasks that a table of times tells."""

PICTURE_SHARE = 0.6
"""Of a pair's time, what goes into reading and encoding pictures: 0.5 with the small bundled encoder on a CPU, more
with larger ones. It only serves to correct for pictures shared; between 0.5 and 0.9 it moves a time by up to 15 %."""


@describe_options("plan")
@show_progress
def estimate_augment(
    dataset: str | Path,
    out: str | Path,
    *,
    probe: int = PROBE_PAIRS,
    config: Path | None = None,
    retry_failed: bool = False,
    progress: Progress | None = None,
    **options: Unpack[PlanKeywords],
) -> Estimate:
    """Say what `augment` with the same arguments would take; with `probe=0`, what `plan` would.

    Args:
        dataset: Folder (or manifest file) of the data set.
        out: Run folder that would be made; one that is there stays as it is, and its plan is used.
        probe: Pairs to render and time; 0 for none.
        config: TOML recipe; options win over it.
        retry_failed: Also count complete shards in which pairs failed.
        progress: Called with (stage, done, total).
        **options: Any setting, as of `plan`.

    Raises:
        MedcutmixError: Whatever would stop `augment`.
    """
    _check_probe(probe)
    folder = RunFolder(Path(out))
    taken = folder.is_run() or folder.root.is_file() or bool(folder.foreign_files()) or folder.shards_there()
    resolved = resolve_options(dataset, config, options)
    with scratch_folder(home_of(folder.root)) as scratch:
        planned, free = folder if taken else RunFolder(scratch / "run"), _free(folder.root)
        began = time.monotonic()
        plan(
            dataset, planned.root, config=config, progress=progress, **options
        )  # or a refusal: nothing is written
        took = None if taken else round(time.monotonic() - began, 3)
        said = explicit_keywords(resolved, "render")
        engine, work = still_to_do(planned.root, said, retry_failed=retry_failed)
        asked = _EstimateRequest(folder, planned, engine, work, said["engine"], probe, took, free)
        return _estimate(asked, scratch, progress)


def check_startable(
    dataset: str | Path, out: str | Path, config: Path | None, options: Mapping[str, Any]
) -> None:
    """See that all that is named is there, parts and encoder too, and the output can be written to; reads no study.

    Raises:
        MedcutmixError: What would stop `augment` at once.
    """
    home_of(Path(out))
    resolved = resolve_options(dataset, config, options)
    check_places(resolved.settings)
    with use_lexicon(read_lexicon(resolved.settings.reports.findings)):
        settings = complete_settings(resolved, open_source(resolved.settings)).settings
        build_choices(settings)
        build_run_encoder(settings)


@describe_options("render")
@show_progress
def estimate_render(
    out: str | Path,
    *,
    probe: int = PROBE_PAIRS,
    task: int = 0,
    num_tasks: int = 1,
    retry_failed: bool = False,
    progress: Progress | None = None,
    **options: Unpack[RenderKeywords],
) -> Estimate:
    """Say what `render` with the same arguments would take: what is still to be done, all of it or one task's share.

    Args:
        out: Run folder with a plan; it stays as it is.
        probe: Pairs to render and time; 0 for none.
        task: Number of the task, 0 to num_tasks - 1.
        num_tasks: How many tasks there are.
        retry_failed: Also count complete shards in which pairs failed.
        progress: Called with (stage, done, total).
        **options: Settings that are other than the plan's, as of `render`.

    Raises:
        MedcutmixError: Whatever would stop `render`.
    """
    _check_probe(probe)
    folder = RunFolder(Path(out))
    chosen, work = still_to_do(out, options, task=task, num_tasks=num_tasks, retry_failed=retry_failed)
    engine = options.get("engine")
    with scratch_folder(home_of(folder.root)) as scratch:
        asked = _EstimateRequest(
            folder, folder, chosen, work, engine, probe, None, _free(folder.root), task, num_tasks
        )
        return _estimate(asked, scratch, progress)


@dataclass(frozen=True, slots=True)
class _EstimateRequest:
    """What is to be estimated.

    Attributes:
        out: Run folder of the estimate.
        planned: Where its plan lies: the same folder, or a scratch run.
        engine_name: None for that of the plan.
        plan_seconds: None where the plan was there.
        free: Bytes, and the folder that was asked.
    """

    out: RunFolder
    planned: RunFolder
    engine: Engine
    work: Work
    engine_name: str | None
    probe: int
    plan_seconds: float | None
    free: tuple[int, str]
    task: int = 0
    num_tasks: int = 1


def _check_probe(probe: int) -> None:
    if probe < 0:
        raise UsageError(f"a probe has at least 0 pairs, not {probe}")


def _free(out: Path) -> tuple[int, str]:
    """Return how much may still be written where `out` is or will be, and the folder that was asked."""
    there = nearest_folder(out)
    return free_bytes(there), str(there)


def _estimate(asked: _EstimateRequest, scratch: Path, progress: Progress | None) -> Estimate:
    """Render the probe, then do the sums."""
    record, work, probe = read_run(asked.planned), asked.work, None
    figures = _figures(asked, record)
    if asked.probe and work.shards:
        home = scratch / "probe"
        probe = render_probe(asked.planned, asked.engine, work, asked.probe, home, progress)
    run = relocate_settings(record, work.changes).run
    name = asked.engine_name or run.engine
    return Estimate(
        out=str(asked.out.root),
        plan=figures,
        task=asked.task,
        num_tasks=asked.num_tasks,
        shards_to_do=len(work.shards),
        pairs_to_do=sum(work.pairs),
        probe=probe,
        outlook=_outlook(asked, probe, local=asked.engine.in_this_process) if probe else None,
        space=_space(asked, figures, probe),
        engine=name,
        workers=run.workers or usable_cpus(),
        peak_memory_bytes=peak_memory() if probe and asked.engine.in_this_process else None,
        encoder=record.encoder,
        synthetic=record.synthetic,
    )


def _outlook(asked: _EstimateRequest, probe: Probe, *, local: bool) -> Forecast:
    work = asked.work
    at_once = asked.engine.at_once(work) if isinstance(asked.engine, ParallelEngine) else 1
    pictures = [pictures_of(asked.planned, shard) for shard in work.shards]
    seconds = [_seconds(probe, *counts) for counts in zip(work.pairs, pictures, strict=True)]
    return Forecast(
        pairs_to_write=round(sum(work.pairs) * probe.written / probe.pairs),
        pictures=sum(pictures),
        start_seconds=probe.start_seconds,
        render_seconds=round(sum(seconds), 3),
        here=_span(probe.start_seconds, seconds, at_once),
        array=_array(probe.start_seconds, seconds) if local and asked.num_tasks == 1 else (),
    )


def _seconds(probe: Probe, pairs: int, pictures: int) -> float:
    """Say how long a shard takes; its pairs share more pictures than those of the probe, which stand further apart."""
    mixing, looking = pairs / probe.pairs, pictures / probe.pictures
    return probe.seconds * ((1 - PICTURE_SHARE) * mixing + PICTURE_SHARE * looking)


def _figures(asked: _EstimateRequest, record: RunRecord) -> PlanFigures:
    counts, folder = record.counts, asked.planned
    files = (folder.plan_file, folder.reserve_file, folder.nulls_file, folder.run_file)
    return PlanFigures(
        studies=counts["studies"],
        dropped=counts["dropped"],
        images_dropped=counts["images_dropped"],
        refused=counts["refused"],
        pairs_missing=counts["pairs_missing"],
        pairs=sum(record.shards),
        pairs_by_finding=counts.get("pairs_by_finding", {}),
        shards=len(record.shards),
        bytes=sum(path.stat().st_size for path in files if path.is_file()),
        seconds=asked.plan_seconds,
        reserve=counts.get("reserve", {}),
        shape=to_shape(counts.get("shape")),
        targets=tuple(TargetOutcome(**outcome) for outcome in counts.get("targets", ())),
        warnings=tuple(counts.get("warnings", ())),
        pairs_by_pairing=counts.get("pairs_by_pairing", {}),
    )


def _space(asked: _EstimateRequest, figures: PlanFigures, probe: Probe | None) -> Space:
    """Add up what would be written; without a probe that is not known, unless there is nothing to render."""
    free, at = asked.free
    planning = 0 if asked.planned is asked.out else figures.bytes
    if probe is None and asked.work.shards:
        return Space(None, free, at, None)
    shards = math.ceil(sum(asked.work.pairs) * probe.bytes / probe.pairs) if probe else 0
    return Space(planning + shards, free, at, planning + shards <= free)


def _array(start: float, shards: list[float]) -> tuple[Duration, ...]:
    """Return a span for each number of tasks; more tasks than there are shards to render help nobody."""
    numbers = sorted({min(tasks, len(shards)) for tasks in ARRAYS})
    return tuple(_span(start, shards, number) for number in numbers)


def _span(start: float, shards: list[float], at_once: int) -> Duration:
    """Let every `at_once`-th shard go to the same one: the one with most to do is the last to end.

    Args:
        start: Seconds before each of them renders its first pair.
        shards: Seconds each shard takes.
        at_once: How many render at the same time.
    """
    most = max(sum(shards[first::at_once]) for first in range(at_once))
    return Duration(at_once, -(-len(shards) // at_once), round(start + most, 3))
