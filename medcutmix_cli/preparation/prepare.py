"""Bring the pictures of a data set to canvas size, part by part; what lies there and is still so is left as it is.

A file that came, changed or could not be read is tried; one that is what it was is not opened. Reads no report; returns
counts and prints nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Unpack

from medcutmix_cli.assembly.opening import picture_versions
from medcutmix_cli.assembly.parts import build_encoder, open_source, resolve_options
from medcutmix_cli.configuration.keywords import PrepareKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.resolution import ResolvedSettings
from medcutmix_cli.configuration.settings import SPLITS, Settings
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.presence import Presence, watch_presence
from medcutmix_cli.encoders.base import side_seen
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import ImageError, UsageError
from medcutmix_cli.images import read_canvas, single_threaded_opencv
from medcutmix_cli.images.picture_cache import (
    CacheFolder,
    CachePart,
    PictureCache,
    PreparedPicture,
    prepare_picture,
)
from medcutmix_cli.images.picture_request import PictureRequest
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.planning.reading import sorted_studies, studies_to_read
from medcutmix_cli.records import Drop
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.storage_errors import explain_storage_errors

PART_SIZE = 500
"""Pictures in a part: some 75 MB, which is also what is held in memory, and what an interruption costs at most."""


@dataclass(frozen=True, slots=True)
class CacheSummary:
    """What became of the pictures of a data set.

    Attributes:
        cache: The folder.
        sides: Of the canvases, pixels.
        pictures: That lie in the cache now, of those this task was asked for.
        made: Parts that were made now (likewise kept: that lay there).
        bytes: Of all their pictures.
        unreadable: Pictures that are not in it, by reason; a run reads them from the data set and counts them.
        corrupt: Pictures in it that libjpeg calls corrupt (`--corrupt-jpeg keep`).
        read: Pictures that were decoded now: they came, changed, or could not be read before.
    """

    cache: Path
    sides: tuple[int, ...]
    pictures: int
    made: int
    kept: int
    bytes: int
    unreadable: dict[str, int]
    corrupt: int = 0
    read: int = 0


@show_progress
@describe_options("prepare")
def prepare(
    dataset: str | Path,
    cache: str | Path,
    *,
    config: Path | None = None,
    task: int = 0,
    num_tasks: int = 1,
    check: bool = False,
    progress: Progress | None = None,
    **options: Unpack[PrepareKeywords],
) -> CacheSummary:
    """Bring the picture that a plan would choose of each study to canvas size; the same call goes on after a stop.

    It also takes in what came or changed since: a file is what it was as long as size and time of change are, or its
    content is. Pictures that could not be read are tried again.

    Args:
        dataset: Folder (or manifest file) of the data set.
        cache: Folder to make, or to go on with; runs find it with `prepared`.
        config: TOML recipe; options win over it.
        task: Number of this task, 0 to num_tasks - 1.
        num_tasks: How many tasks share the parts; it may differ from launch to launch.
        check: Read back what lies there already, and make again what is damaged.
        progress: Called with ("preparing", pictures done, pictures).
        **options: Settings of a plan that are about data set, pictures and encoder; with an encoder, also the canvas
            that it reads is prepared.

    Raises:
        RunError: The folder holds something else, or a cache of another version.
        DatasetError: The data set cannot be read.
    """
    if not 0 <= task < num_tasks:
        raise UsageError(f"task {task} of {num_tasks}: tasks are numbered 0 to {num_tasks - 1}")
    resolved = resolve_options(dataset, config, options, command="prepare")
    source, folder = open_source(resolved.settings), CacheFolder(Path(cache))
    work = _Work(source, folder, _requests(resolved, source), check, Presence(source))
    numbers = range(task, -(-len(work.requests) // PART_SIZE), num_tasks)
    with explain_storage_errors(folder.root), single_threaded_opencv():
        folder.begin(picture_versions())
        return _prepare_all(work, numbers, resolved.settings, progress)


@dataclass(frozen=True, slots=True)
class _Work:
    source: Dataset
    folder: CacheFolder
    requests: list[PictureRequest]
    check: bool
    presence: Presence

    def part(self, number: int) -> list[PictureRequest]:
        return self.requests[number * PART_SIZE : (number + 1) * PART_SIZE]


def _sides(settings: Settings) -> tuple[int, ...]:
    """Return the side of the run's canvas and, where an encoder is named, of the one that it wants to see."""
    canvas = settings.image.canvas
    if not settings.encoder.name:
        return (canvas,)
    return tuple(dict.fromkeys((canvas, side_seen(build_encoder(settings), canvas))))


def _requests(resolved: ResolvedSettings, source: Dataset) -> list[PictureRequest]:
    settings = resolved.settings
    plan = replace(settings.plan, labels="rules")
    if resolved.origins["plan.splits"] == "default":
        plan = replace(plan, splits=SPLITS)
    dropped: list[Drop] = []
    excluded, sides = read_excluded(plan.exclude_ids), _sides(settings)
    return [
        PictureRequest(image.path, source.resolve(image.path), sides, settings.image.reading)
        for _, image in studies_to_read(sorted_studies(source.studies()), plan, excluded, dropped)
    ]


@dataclass(frozen=True, slots=True)
class _BroughtPart:
    part: CachePart
    made: bool
    read: int


def _prepare_all(work: _Work, numbers: range, settings: Settings, progress: Progress | None) -> CacheSummary:
    total, done = sum(len(work.part(number)) for number in numbers), 0
    brought: list[_BroughtPart] = []
    with ThreadPoolExecutor(settings.run.workers or usable_cpus(), thread_name_prefix="prepare") as pool:
        for number in numbers:
            brought.append(_bring_part(work, number, pool))
            done += len(work.part(number))
            if progress:
                progress("preparing", done, total)
    return _summary(work, brought)


def _summary(work: _Work, brought: list[_BroughtPart]) -> CacheSummary:
    parts, made = [one.part for one in brought], sum(one.made for one in brought)
    unreadable = sum((Counter(part.unreadable) for part in parts), Counter[str]())
    return CacheSummary(
        cache=work.folder.root,
        sides=work.requests[0].sides if work.requests else (),
        pictures=sum(part.pictures for part in parts),
        made=made,
        kept=len(parts) - made,
        bytes=sum(part.bytes for part in parts),
        unreadable=dict(sorted(unreadable.items())),
        corrupt=sum(part.corrupt for part in parts),
        read=sum(one.read for one in brought),
    )


def _members(requests: list[PictureRequest]) -> str:
    """Hash what a part is to hold; whether its files are what they were is asked of each."""
    digest = hashlib.sha256()
    for one in requests:
        digest.update(f"{one.image_path}\0{one.sides}\0{one.rules}\n".encode())
    return digest.hexdigest()


def _bring_part(work: _Work, number: int, pool: ThreadPoolExecutor) -> _BroughtPart:
    """Leave a part as it lies there, or write it with what is still so of it and what was read now."""
    requests, held = work.part(number), work.folder.open_part(number)
    bring = partial(_bring_one, work.presence, held)
    known = dict(zip(requests, pool.map(held.holds, requests), strict=True))
    others = [one for one in requests if not known[one]]
    found = dict(zip(others, pool.map(bring, others), strict=True))
    earlier = _earlier_part(work, number)
    if earlier and earlier.unreadable == _reasons(found.values()) and not _pictures(found.values()):
        return _BroughtPart(earlier, made=False, read=0)
    same = [one for one in requests if known[one]]
    found.update(zip(same, pool.map(bring, same), strict=True))
    work.presence.confirm_missing()
    brought = [found[one] for one in requests]
    pictures = [one.prepared for one in _pictures(brought)]
    part = work.folder.write_part(number, _members(requests), pictures, _reasons(brought))
    return _BroughtPart(part, made=True, read=sum(one.read for one in _pictures(brought)))


def _earlier_part(work: _Work, number: int) -> CachePart | None:
    """Return the state of a part that is whole and of the same pictures, None where there is none."""
    part = work.folder.read_part(number)
    if part is None or part.members != _members(work.part(number)):
        return None
    return part if not work.check or work.folder.is_whole(number, part) else None


@dataclass(frozen=True, slots=True)
class _BroughtPicture:
    prepared: PreparedPicture
    read: bool


def _pictures(found: Iterable[_BroughtPicture | str]) -> list[_BroughtPicture]:
    return [one for one in found if not isinstance(one, str)]


def _reasons(found: Iterable[_BroughtPicture | str]) -> dict[str, int]:
    return dict(Counter(one for one in found if isinstance(one, str)))


def _bring_one(presence: Presence, held: PictureCache, request: PictureRequest) -> _BroughtPicture | str:
    """Return a picture as it is stored, read where the part does not hold it, or the reason why it cannot be."""
    kept = held.find_stored(request)
    if kept is not None:
        return _BroughtPicture(kept, read=False)
    try:
        with watch_presence(presence, request.image_path, request.file):
            keys = request.identify()
            canvases = [read_canvas(request.file, side, request.rules) for side in request.sides]
        return _BroughtPicture(prepare_picture(keys, canvases), read=True)
    except ImageError as error:
        return error.reason
