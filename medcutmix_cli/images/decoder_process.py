"""The process in which pictures are decoded: one after the other, within limits, until its parent is gone.

It is handed a file's bytes in memory that both share and hands back pixels the same way, so that neither is copied
through a pipe. It opens no file and holds nothing that is not made again. libjpeg tells of damage on the standard
error output alone, which is a file here: what is in it after a JPEG was decoded was said of that JPEG.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from medcutmix_cli.errors import ImageError, MedcutmixError
from medcutmix_cli.images.decoding import DecodingRequest, decode
from medcutmix_cli.images.jpeg import MAGIC as JPEG_MAGIC
from medcutmix_cli.images.raster import check_whole_jpeg

SECONDS = 8
"""Of processor time for one picture. The slowest that are real, JPEG 2000 of 20 megapixels, take 2 to 4."""

MOST_MEMORY = 3 << 29
"""Bytes a picture may take beside what the process has from its start: 1.5 GB."""

READY = b"ready\n"
_REQUESTS, _ANSWERS, _COMPLAINTS = 0, 1, 2


def main(content: int, pixels: int) -> None:
    """Answer requests, a line of JSON each, until there are no more.

    Args:
        content: Handle of the shared memory that holds the file.
        pixels: Handle of that which takes the picture.
    """
    cv2.setNumThreads(1)
    _limit_process()
    _forget_complaints()
    os.write(_ANSWERS, READY)
    given, made = _Shared(content, mmap.ACCESS_READ), _Shared(pixels, mmap.ACCESS_WRITE)
    for line in iter(lambda: os.read(_REQUESTS, 4096), b""):
        asked = json.loads(line)
        given.follow(asked.pop("content"))
        made.follow(asked.pop("pixels"))
        answer = _answer(given.view, made.view, DecodingRequest(**asked))
        os.write(_ANSWERS, json.dumps(answer).encode() + b"\n")


class _Shared:
    """Memory that is shared with the parent, which says how much of it there is."""

    def __init__(self, handle: int, access: int) -> None:
        self._handle, self._access = handle, access
        self._map: mmap.mmap | None = None

    def follow(self, capacity: int) -> None:
        if self._map is None or len(self._map) != capacity:
            self._map = mmap.mmap(self._handle, capacity, access=self._access)

    @property
    def view(self) -> memoryview:
        return memoryview(self._map or b"")


def _answer(content: memoryview, pixels: memoryview, request: DecodingRequest) -> dict[str, Any]:
    """Decode one picture; what is wrong with it is an answer too."""
    _limit_seconds()
    content = content[: request.size]
    try:
        plane, at = decode(content, request)
        corrupt = _is_corrupt(content, request)
    except MedcutmixError as error:
        reason = error.reason if isinstance(error, ImageError) else ""
        return {"what": error.what, "hint": error.hint, "reason": reason}
    except MemoryError:
        what = "the picture takes more memory than any detector's does"
        return {"what": what, "hint": "", "reason": "image-too-large"}
    finally:
        _forget_complaints()
    np.frombuffer(pixels, np.uint8, plane.size)[:] = plane.reshape(-1)
    return {"height": at.source_height, "width": at.source_width, "corrupt": corrupt}


def _is_corrupt(content: memoryview, request: DecodingRequest) -> bool:
    """Say whether libjpeg has complained of a picture that is kept all the same.

    Raises:
        ImageError: It has, and the picture is not kept.
    """
    if bytes(content[:3]) != JPEG_MAGIC or not os.fstat(_COMPLAINTS).st_size:
        return False
    if request.corrupt_jpeg != "keep":
        raise ImageError("the JPEG is damaged, says libjpeg", reason="image-corrupt")
    check_whole_jpeg(content)
    return True


def _forget_complaints() -> None:
    os.ftruncate(_COMPLAINTS, 0)
    os.lseek(_COMPLAINTS, 0, os.SEEK_SET)


def _limit_process() -> None:
    """Leave no core file, which would hold a picture, and take no more memory than a picture needs."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):  # /proc is Linux only; a lower limit than ours stays
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * mmap.PAGESIZE
        resource.setrlimit(
            resource.RLIMIT_AS, (used + MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1])
        )


def _limit_seconds() -> None:
    """Let the system end this process (SIGXCPU) if it is busy for longer; waiting costs a picture nothing."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime) + SECONDS
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def start_line(content: int, pixels: int) -> list[str]:
    """Return the command that starts this process with the modules of the one that asks."""
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import main; main({content}, {pixels})"
    return [sys.executable, "-c", code]
