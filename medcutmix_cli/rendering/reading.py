"""A picture to its canvases: out of the cache of prepared pictures where there is one, else from its own file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from medcutmix_cli.encoders.notes import note
from medcutmix_cli.images import Canvas, read_canvas
from medcutmix_cli.images.picture_cache import PictureCache
from medcutmix_cli.images.picture_request import PictureRequest
from medcutmix_cli.rendering.staging import Storage


def read_canvases(
    request: PictureRequest, storage: Storage, cache: PictureCache | None = None
) -> tuple[Canvas, ...]:
    """Return the canvases of a picture, the same whether the cache has them or not.

    Raises:
        ImageError: The picture cannot be read.
        DatasetError: The storage fails.
    """
    if cache is not None:
        found = cache.read(request)
        if found is not None:
            return found
        note("picture-not-prepared")

    def each(place: Path) -> tuple[Canvas, ...]:
        return tuple(read_canvas(place, side, request.rules) for side in request.sides)

    return storage.read(request.file, each)


def files_to_stage(requests: Iterable[PictureRequest], cache: PictureCache | None) -> Iterator[Path]:
    """Return the files that will be read themselves, in order."""
    return (request.file for request in requests if cache is None or not cache.holds(request))
