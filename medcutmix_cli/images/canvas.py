"""One picture file, whatever its format, to one grey square canvas. Knows no study and no data set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images.bounds import START, check_bytes, is_dicom
from medcutmix_cli.images.decoder import lend_decoder
from medcutmix_cli.images.decoding import DecodedPicture, DecodingRequest
from medcutmix_cli.images.file_reading import name_unreadable, read_patiently
from medcutmix_cli.images.picture_parts import file_of, open_picture
from medcutmix_cli.records import PictureRules, Placement
from medcutmix_cli.system.regular_files import check_regular


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture on its canvas.

    Attributes:
        pixels: (canvas, canvas) uint8, bright = radio-opaque, 0 outside the picture.
        placement: Where the original lies on it.
        corrupt: Whether it was kept although libjpeg calls it corrupt.
    """

    pixels: npt.NDArray[np.uint8] = field(repr=False)
    placement: Placement
    corrupt: bool = False

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Canvas pixels that hold picture: top, left, bottom, right (the last two exclusive)."""
        at = self.placement
        return at.top, at.left, at.top + at.height, at.left + at.width


def read_canvas(path: Path, canvas: int, rules: PictureRules, *, exact: bool = False) -> Canvas:
    """Read a JPEG, PNG or DICOM file, told apart by its first bytes, letterboxed on a canvas.

    Safe to call from several threads.

    Args:
        path: The file.
        canvas: Side of the canvas, pixels.
        rules: How files become grey.
        exact: Decode and tone every pixel before averaging: slower, the reference of the fast path.

    Raises:
        ImageError: With a reason to count it under: "image-missing", "image-empty", "image-constant",
            "image-truncated", "image-corrupt", "image-format-unknown", "image-unreadable", "dicom-...".
        DatasetError: Its storage fails, also when asked again for some seconds.
    """
    found = read_patiently(path, lambda: _read_once(path, canvas, rules, exact=exact))
    plane, placement = found.plane, found.placement
    if plane.min() == plane.max():
        raise ImageError("all pixels are equal", where=str(path), reason="image-constant")
    pixels = np.zeros((canvas, canvas), np.uint8)
    rows = slice(placement.top, placement.top + placement.height)
    pixels[rows, placement.left : placement.left + placement.width] = plane
    pixels.setflags(write=False)
    return Canvas(pixels, placement, found.corrupt)


def _read_once(path: Path, canvas: int, rules: PictureRules, *, exact: bool) -> DecodedPicture:
    """Read a picture, or raise what the storage said of itself as `OSError`."""
    try:
        with _open(path) as file:
            size = file.seek(0, os.SEEK_END)
            check_bytes(size)
            request = DecodingRequest(size, canvas, rules.dicom_mode, exact, rules.corrupt_jpeg)
            return _read_plain(file, request) or _decode(file, request)
    except ImageError as error:
        named = ImageError(error.what, where=str(path), hint=error.hint, reason=error.reason)
        raise named from error.__cause__


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """Open what is a file, as a pipe would be waited for, and tell why a file cannot be read."""
    with name_unreadable(path):
        check_regular(file_of(path))
        with open_picture(path, buffering=0) as file:  # a buffer would copy the whole file once more
            yield file


def _read_plain(file: BinaryIO, request: DecodingRequest) -> DecodedPicture | None:
    """Read what no library decodes: most DICOM files. It cannot end a process, and takes a fifth less time here."""
    file.seek(0)
    if not is_dicom(file.read(START)):
        return None
    from medcutmix_cli.images.plain_dicom import read_plain_dicom  # as long to import as all else together

    file.seek(0)
    found = read_plain_dicom(file, request)
    return DecodedPicture(*found) if found else None


def _decode(file: BinaryIO, request: DecodingRequest) -> DecodedPicture:
    """Let a decoder read a file, as far as it has been written by now."""
    with lend_decoder() as decoder:
        file.seek(0)
        size = _read_into(decoder.room(request.size), file)
        if not size:
            raise ImageError("the file is empty", reason="image-empty")
        return decoder.decode(replace(request, size=size))


def _read_into(room: memoryview, file: BinaryIO) -> int:
    """Fill memory from a file and return how many bytes it had."""
    size = 0
    while size < len(room) and (more := file.readinto(room[size:])):  # type: ignore[attr-defined] # BinaryIO has it not
        size += more
    return size
