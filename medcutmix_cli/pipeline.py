"""The straight line as code: `plan`, `render`, `augment`. Every engine and every command goes through here.

DATASET -> plan.parquet (all studies, no pixel) -> data/part-*.parquet (one shard at a time)

Where rendering rejects pairs, the reserve of the plan replaces them (`refill`), and what comes is rendered likewise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from medcutmix_cli.assembly.opening import check_cache, check_places
from medcutmix_cli.assembly.parts import (
    build_choices,
    build_encoder,
    build_engine,
    build_gate,
    build_reader,
    check_features,
    complete_settings,
    describe,
    open_source,
    resolve_options,
)
from medcutmix_cli.assembly.relocation import explicit_keywords
from medcutmix_cli.configuration.keywords import PlanKeywords, RenderKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.resolution import ResolvedSettings, difference, from_plain, named_values
from medcutmix_cli.configuration.semantics import semantic
from medcutmix_cli.configuration.settings import Settings, settings_of
from medcutmix_cli.datasets.attribute_table import NO_TABLE, read_attribute_table
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.label_table import label_use, read_label_table, with_labels
from medcutmix_cli.engines import Engine, Progress, Work
from medcutmix_cli.errors import RunConflictError, RunError, UsageError
from medcutmix_cli.pairing.proposal import PairingStrategy
from medcutmix_cli.planning.near_duplicates import find_near_duplicates
from medcutmix_cli.planning.picture_hashes import PictureHasher
from medcutmix_cli.planning.plan import DuplicateSearch, make_plan
from medcutmix_cli.planning.plan_result import PlanResult
from medcutmix_cli.planning.written_shape import written_status
from medcutmix_cli.reports.tables import lexicon_in_use, read_lexicon, use_lexicon
from medcutmix_cli.run.data_card import write_card, write_schema
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.manifest import list_files
from medcutmix_cli.run.nulls_file import write_nulls
from medcutmix_cli.run.plan_file import shard_sizes, write_plan
from medcutmix_cli.run.refill import IncompleteShardsError, RefilledElsewhereError, RefillPass, refill_plan
from medcutmix_cli.run.reserve_file import write_reserve
from medcutmix_cli.run.run_record import RunRecord, read_run, write_run
from medcutmix_cli.run.shard_state import read_attempts, read_complete
from medcutmix_cli.run.status import RunStatus, run_status
from medcutmix_cli.system.atomic_files import write_text
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
    strategy = build_choices(resolved.settings)
    if progress:
        progress("loading scispaCy", 0, 0)
    build_reader(resolved.settings)
    encoder = build_encoder(resolved.settings)
    check_features(resolved.settings, encoder)
    record = describe(resolved, source, encoder)
    if _is_planned(folder, record):
        return
    before = read_run(folder) if folder.is_run() else None
    if before is not None:
        with explain_storage_errors(folder.root):
            folder.run_file.unlink()
    _check_empty(folder)
    _write_plan(folder, record, source, strategy, progress)


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
    todo = _least_begun_first(folder, range(task, len(record.shards), num_tasks), retry_failed)
    pairs = tuple(record.shards[k] for k in todo)
    return chosen, Work(folder.root.resolve(), record.fingerprint, todo, pairs, changes, retry_failed)


def _least_begun_first(folder: RunFolder, shards: Iterable[int], retry_failed: bool) -> tuple[int, ...]:
    """Return the shards that are to be rendered: one that ends whoever renders it must not stand before the others."""
    begun: list[tuple[int, int]] = []
    for shard in shards:
        state = read_complete(folder, shard)
        if state is None:
            begun.append((read_attempts(folder, shard), shard))
        elif retry_failed and state.failed:
            begun.append((state.attempts, shard))
    return tuple(shard for _times, shard in sorted(begun))


def _is_planned(folder: RunFolder, record: RunRecord) -> bool:
    """Say whether this very plan lies there.

    Raises:
        RunConflictError: Another one does.
    """
    before = read_run(folder) if folder.is_run() else None
    if before is None or _gives_way(before, record):
        return False
    _check_same_run(before, record, folder)
    return True


def _gives_way(before: RunRecord, now: RunRecord) -> bool:
    """Say whether another plan may take the place of one without a pair: whoever was told what to try may try it."""
    return not before.shards and before.fingerprint != now.fingerprint


_TOLD = 4
"""Differences of two runs that an error names."""


def _check_same_run(before: RunRecord, now: RunRecord, folder: RunFolder) -> None:
    if before.fingerprint == now.fingerprint:
        return
    old, new = (
        {
            "settings": semantic(from_plain(record.settings)),
            "encoder": record.encoder,
            "versions": record.versions,
            "format": record.format,
        }
        for record in (before, now)
    )
    files = {name for name, _ in before.sources.items() ^ now.sources.items()}
    told = [*difference(old, new), *(f"other content: {name}" for name in sorted(files))]
    more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    raise RunConflictError(
        f"the output folder holds another run: {'; '.join(told[:_TOLD])}{more}",
        where=str(folder.root),
        hint="name another folder, or go on with the settings it was made with",
    )


def _check_empty(folder: RunFolder) -> None:
    if folder.root.exists() and not folder.root.is_dir():
        raise RunError("the output is a file, not a folder", where=str(folder.root), hint="name a folder")
    foreign = folder.foreign_files()
    if foreign:
        raise RunError(
            f"the output folder holds {len(foreign)} other file(s), for example {foreign[0]!r}",
            where=str(folder.root),
            hint="choose an empty folder",
        )
    if folder.shards_there():
        raise RunError(
            "the output folder holds shards of a run whose run.json is gone",
            where=str(folder.root),
            hint="choose an empty folder: those shards would count as this run's",
        )


def _write_plan(
    folder: RunFolder,
    record: RunRecord,
    source: Dataset,
    strategy: PairingStrategy,
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
        strategy,
        reader=build_reader(settings),
        gate=build_gate(settings),
        attributes=read_attribute_table(Path(table)) if table else NO_TABLE,
        duplicates=_duplicate_search(settings, source, workers),
        workers=workers,
        progress=progress,
    )
    result = replace(result, warnings=tuple(filter(None, (*result.warnings, labels.problem))))
    sizes = shard_sizes(len(result.pairs), settings.run.shard_size)
    whole = replace(record, counts=_counts(result), shards=sizes)
    if _is_planned(folder, record):  # somebody else was quicker: its shards may be under way
        return
    with explain_storage_errors(folder.root):
        folder.create()
        folder.clean_temporaries()
        write_plan(folder.plan_file, result.pairs, settings.run.shard_size, progress)
        write_reserve(folder.reserve_file, result.reserved, {d.identifier: d.reason for d in result.dropped})
        write_nulls(folder.nulls_file, result.nulls)
        _write_lexicon(folder)
        write_schema(folder)
        whole = replace(whole, files=list_files(folder, whole))
        write_run(folder, whole)
        write_card(folder, whole, run_status(folder))


def _duplicate_search(settings: Settings, source: Dataset, workers: int) -> DuplicateSearch | None:
    """Return what reads every picture and finds near-duplicates; None where the settings do not ask for it."""
    if not settings.plan.refuse_duplicates:
        return None
    return partial(find_near_duplicates, PictureHasher(source, settings.image.reading, workers))


def _write_lexicon(folder: RunFolder) -> None:
    """Keep the user's lexicon with the run; what an interrupted plan left there goes."""
    lexicon = lexicon_in_use()
    if lexicon.source:
        write_text(folder.lexicon_file, lexicon.text)
    else:
        folder.lexicon_file.unlink(missing_ok=True)


def _counts(result: PlanResult) -> dict[str, Any]:
    dropped: dict[str, int] = {}
    for drop in sorted(result.dropped, key=lambda d: d.reason):
        dropped[drop.reason] = dropped.get(drop.reason, 0) + 1
    planned = result.inputs - len(result.dropped)
    return {
        "studies": {"inputs": result.inputs, "planned": planned, "dropped": len(result.dropped)},
        "dropped": dropped,
        "refused": result.refused,
        "images_dropped": result.images_dropped,
        "pairs_missing": result.pairs_missing,
        "texts": result.texts,
        "negatives": result.negatives,
        "null_pictures": len(result.nulls),
        "pairs_by_finding": result.pairs_by_finding,
        "reserve": result.reserve,
        "shape": asdict(result.shape) if result.shape else {},
        "targets": [asdict(outcome) for outcome in result.targets],
        "guarantees": {key: asdict(guarantee) for key, guarantee in result.guarantees.items()},
        "never_denied": list(result.never_denied),
        "reserved": len(result.reserved),
        "goals": result.goals(),
        "duplicates": result.duplicates,
        "warnings": list(result.warnings),
    }
