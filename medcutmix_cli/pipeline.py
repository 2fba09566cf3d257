"""The straight line as code: `plan`, `render`, `augment`. Every engine and every command goes through here.

DATASET -> plan.parquet (all studies, no pixel) -> data/part-*.parquet (one shard at a time)

Where rendering rejects pairs, the reserve of the plan replaces them (`refill`), and what comes is rendered likewise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from medcutmix_cli.assembly.lexicons import keep_lexicon
from medcutmix_cli.assembly.opening import check_cache, check_places
from medcutmix_cli.assembly.parts import (
    build_choices,
    build_engine,
    build_gate,
    build_reader,
    build_run_encoder,
    complete_settings,
    describe,
    open_source,
    resolve_options,
)
from medcutmix_cli.assembly.relocation import explicit_keywords
from medcutmix_cli.configuration.keywords import PlanKeywords, RenderKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.resolution import ResolvedSettings, from_plain, named_values
from medcutmix_cli.configuration.settings import Settings, settings_of
from medcutmix_cli.datasets.attribute_table import NO_TABLE, read_attribute_table
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.label_table import label_use, read_label_table, with_labels
from medcutmix_cli.engines import Engine, Progress, Work
from medcutmix_cli.errors import UsageError
from medcutmix_cli.pairing.proposal import PairingStrategy
from medcutmix_cli.planning.near_duplicates import find_near_duplicates
from medcutmix_cli.planning.picture_hashes import PictureHasher
from medcutmix_cli.planning.plan import DuplicateSearch, make_plan
from medcutmix_cli.planning.written_shape import written_status
from medcutmix_cli.reports.tables import read_lexicon, use_lexicon
from medcutmix_cli.run.data_card import write_card, write_schema
from medcutmix_cli.run.earlier_plan import check_empty, is_planned
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.manifest import list_files
from medcutmix_cli.run.nulls_file import write_nulls
from medcutmix_cli.run.plan_file import shard_sizes, write_plan
from medcutmix_cli.run.refill import IncompleteShardsError, RefilledElsewhereError, RefillPass, refill_plan
from medcutmix_cli.run.reserve_file import write_reserve
from medcutmix_cli.run.run_record import RunRecord, read_run, write_run
from medcutmix_cli.run.shard_state import least_begun_first
from medcutmix_cli.run.status import RunStatus, run_status
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.memory_limits import check_address_space
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.storage_errors import explain_storage_errors


@describe_options("plan")
@show_progress
def augment(
    dataset: str | Path,
    out: str | Path,
    *,
    config: Path | None = None,
    retry_failed: bool = False,
    progress: Progress | None = None,
    **options: Unpack[PlanKeywords],
) -> RunStatus:
    """Mix a data set into verified-by-design shards; the same call goes on where it was interrupted.

    Args:
        dataset: Folder (or manifest file) of the data set.
        out: Run folder; made if missing.
        config: TOML recipe; options win over it.
        retry_failed: Also render complete shards again in which pairs failed.
        progress: Called with (stage, done, total).
        **options: Any setting; see `configuration.keywords.PlanKeywords`.

    Raises:
        MedcutmixError: Anything a person can act on; see `errors`.
    """
    resolved = resolve_options(dataset, config, options)
    check_places(resolved.settings)
    plan(dataset, out, config=config, progress=progress, **options)
    said: RenderKeywords = explicit_keywords(resolved, "render")  # type: ignore[assignment]
    return render(out, retry_failed=retry_failed, progress=progress, **said)


@describe_options("plan")
@show_progress
def plan(
    dataset: str | Path,
    out: str | Path,
    *,
    config: Path | None = None,
    progress: Progress | None = None,
    **options: Unpack[PlanKeywords],
) -> RunStatus:
    """Read all reports and freeze the list of pairs; nothing is done where the same plan lies already.

    Raises:
        RunConflictError: The folder holds a run with other semantic settings (the message is the diff).
        MedcutmixError: Anything else a person can act on; see `errors`.
    """
    check_address_space()
    folder = RunFolder(Path(out))
    resolved = resolve_options(dataset, config, options)
    if build_engine(resolved.settings).in_this_process:
        check_cache(resolved.settings.run.prepared)
    with folder.claim_for_planning(), use_lexicon(read_lexicon(resolved.settings.reports.findings)):
        _plan_with_lexicon(folder, resolved, progress)
    return run_status(folder)


def _plan_with_lexicon(folder: RunFolder, resolved: ResolvedSettings, progress: Progress | None) -> None:
    source = open_source(resolved.settings)
    resolved = complete_settings(resolved, source)
    strategies = build_choices(resolved.settings)
    if progress:
        progress("loading scispaCy", 0, 0)
    build_reader(resolved.settings)
    encoder = build_run_encoder(resolved.settings)
    record = describe(resolved, source, encoder)
    if is_planned(folder, record):
        return
    before = read_run(folder) if folder.is_run() else None
    if before is not None:
        with explain_storage_errors(folder.root):
            folder.run_file.unlink()
    check_empty(folder)
    _write_plan(folder, record, source, strategies, progress)


@describe_options("render")
@show_progress
def render(
    out: str | Path,
    *,
    task: int = 0,
    num_tasks: int = 1,
    retry_failed: bool = False,
    progress: Progress | None = None,
    **options: Unpack[RenderKeywords],
) -> RunStatus:
    """Render the shards k of a plan with `k mod num_tasks == task` that are not complete.

    One task alone also refills the plan when all is rendered, and renders what has come, until nothing comes; several
    leave that to whoever calls `refill` when the last of them has ended.

    Args:
        out: Run folder with a plan.
        task: Number of this task, 0 to num_tasks - 1.
        num_tasks: How many tasks there are; it may differ from launch to launch.
        retry_failed: Also render complete shards again in which pairs failed.
        progress: Called with (stage, done, total).
        **options: Settings that are other than the plan's: where things are now, how many work, which engine; see
            `configuration.keywords.RenderKeywords`.

    Raises:
        RunError: There is no plan in `out`.
        UsageError: `task` is not below `num_tasks`, or the engine is unknown or refuses its options.
        MedcutmixError: Anything else a person can act on; see `errors`.
    """
    tolerance = options.get("max_fail_frac")
    folder = RunFolder(Path(out))
    while True:
        chosen, work = still_to_do(out, options, task=task, num_tasks=num_tasks, retry_failed=retry_failed)
        if work.shards:
            _render(folder, chosen, work, progress)
        if num_tasks > 1 or not _has_come(folder, work):
            break
        retry_failed = False
    status = written_status(folder)
    if not status.missing:
        with explain_storage_errors(folder.card_file):
            folder.clean_temporaries()
            write_card(folder, read_run(folder), status)
    return status if tolerance is None else replace(status, max_fail_frac=tolerance)


def _render(folder: RunFolder, engine: Engine, work: Work, progress: Progress | None) -> None:
    with explain_storage_errors(folder.root):
        folder.create()
        folder.clean_temporaries()
    engine.render(work, progress)


def _has_come(folder: RunFolder, work: Work) -> bool:
    """Refill the plan if all is rendered; return whether shards have come, by this process or by another.

    Two runs on one folder are one run: whichever is overtaken renders what the other has added.
    """
    status = run_status(folder)
    if status.missing or not status.reserved:
        return not set(status.missing) <= set(work.shards)
    try:
        return refill_plan(folder, status.shards).pairs > 0
    except (IncompleteShardsError, RefilledElsewhereError):
        return True  # the other was at it since the look at the status


def refill(out: str | Path) -> RefillPass:
    """Replace what rendering rejected by pairs of the plan's reserve: further shards, which are still to be rendered.

    Call it again when they are rendered, until it finds no pair to take.

    Raises:
        RunError: There is no plan in `out`, or a shard of it is not complete.
    """
    return refill_plan(RunFolder(Path(out)))


def still_to_do(
    out: str | Path,
    options: Mapping[str, Any],
    *,
    task: int = 0,
    num_tasks: int = 1,
    retry_failed: bool = False,
) -> tuple[Engine, Work]:
    """Return the engine, and what one task still has to do with it; see `render`. Writes nothing.

    Raises:
        RunError: There is no plan in `out`.
        UsageError: `task` is not below `num_tasks`, or the engine is unknown or refuses its options.
    """
    if not 0 <= task < num_tasks:
        raise UsageError(f"task {task} of {num_tasks}: tasks are numbered 0 to {num_tasks - 1}")
    changes = named_values(settings_of("render"), options)
    folder = RunFolder(Path(out))
    record = read_run(folder)
    chosen = build_engine(
        from_plain(record.settings), changes.pop("run.engine", None), changes.pop("run.engine_options", None)
    )
    todo = least_begun_first(folder, range(task, len(record.shards), num_tasks), retry_failed=retry_failed)
    pairs = tuple(record.shards[k] for k in todo)
    return chosen, Work(folder.root.resolve(), record.fingerprint, todo, pairs, changes, retry_failed)


def _write_plan(
    folder: RunFolder,
    record: RunRecord,
    source: Dataset,
    strategies: Sequence[PairingStrategy],
    progress: Progress | None,
) -> None:
    """Make the plan, then write it; run.json comes last and says that the plan is whole."""
    settings = from_plain(record.settings)
    workers = settings.run.workers or usable_cpus()
    studies, labels = source.studies(), label_use(settings.plan.label_table)
    if settings.plan.label_table:
        studies = with_labels(studies, read_label_table(Path(settings.plan.label_table)), labels)
    table = settings.plan.attributes
    result = make_plan(
        studies,
        settings.plan,
        *strategies,
        reader=build_reader(settings),
        gate=build_gate(settings),
        attributes=read_attribute_table(Path(table)) if table else NO_TABLE,
        duplicates=_duplicate_search(settings, source, workers),
        workers=workers,
        progress=progress,
    )
    result = replace(result, warnings=tuple(filter(None, (*result.warnings, labels.problem))))
    sizes = shard_sizes(len(result.pairs), settings.run.shard_size)
    whole = replace(record, counts=result.counts(), shards=sizes)
    if is_planned(folder, record):  # somebody else was quicker: its shards may be under way
        return
    with explain_storage_errors(folder.root):
        folder.create()
        folder.clean_temporaries()
        write_plan(folder.plan_file, result.pairs, settings.run.shard_size, progress)
        write_reserve(folder.reserve_file, result.reserved, {d.identifier: d.reason for d in result.dropped})
        write_nulls(folder.nulls_file, result.nulls)
        keep_lexicon(folder)
        write_schema(folder)
        whole = replace(whole, files=list_files(folder, whole))
        write_run(folder, whole)
        write_card(folder, whole, run_status(folder))


def _duplicate_search(settings: Settings, source: Dataset, workers: int) -> DuplicateSearch | None:
    """Return what reads every picture and finds near-duplicates; None where the settings do not ask for it."""
    if not settings.plan.refuse_duplicates:
        return None
    return partial(find_near_duplicates, PictureHasher(source, settings.image.reading, workers))
