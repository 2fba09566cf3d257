"""Bring the pictures of a data set to canvas size, part by part; what lies there whole is left as it is.

Reads no report; returns counts and prints nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
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
    PictureRequest,
    PreparedPicture,
    prepare_picture,
)
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
    """

    cache: Path
    sides: tuple[int, ...]
    pictures: int
    made: int
    kept: int
    bytes: int
    unreadable: dict[str, int]
    corrupt: int = 0


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


def _prepare_all(work: _Work, numbers: range, settings: Settings, progress: Progress | None) -> CacheSummary:
    total, done, made = sum(len(work.part(number)) for number in numbers), 0, 0
    parts: list[CachePart] = []
    with ThreadPoolExecutor(settings.run.workers or usable_cpus(), thread_name_prefix="prepare") as pool:
        for number in numbers:
            members = _members(work.part(number))
            part = work.folder.read_part(number)
            if (
                part is None
                or part.members != members
                or (work.check and not work.folder.is_whole(number, part))
            ):
                part, made = _prepare_part(work, number, members, pool), made + 1
            parts.append(part)
            done += len(work.part(number))
            if progress:
                progress("preparing", done, total)
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
    )


def _members(requests: list[PictureRequest]) -> str:
    """Hash what a part is to hold; that a file has changed since is seen when it is read."""
    digest = hashlib.sha256()
    for one in requests:
        digest.update(f"{one.image_path}\0{one.sides}\0{one.rules}\n".encode())
    return digest.hexdigest()


def _prepare_part(work: _Work, number: int, members: str, pool: ThreadPoolExecutor) -> CachePart:
    unreadable: Counter[str] = Counter()
    pictures: list[PreparedPicture] = []
    for found in pool.map(partial(_prepare_one, work.presence), work.part(number)):
        if isinstance(found, str):
            unreadable[found] += 1
        else:
            pictures.append(found)
    return work.folder.write_part(number, members, pictures, unreadable)


def _prepare_one(presence: Presence, request: PictureRequest) -> PreparedPicture | str:
    """Return a picture as it is stored, or the reason why it cannot be read."""
    try:
        with watch_presence(presence, request.image_path, request.file):
            canvases = [read_canvas(request.file, side, request.rules) for side in request.sides]
        return prepare_picture(request, canvases)
    except ImageError as error:
        return error.reason
