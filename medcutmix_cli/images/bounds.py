"""What a picture is and how large it may be: asked of its header, before any pixel is decoded."""

from __future__ import annotations

from medcutmix_cli.errors import ImageError

MOST_PIXELS = 100_000_000
"""The largest detectors give 5,000 x 6,000; ten kilobytes of a file can declare 2**62."""

MOST_BYTES = 1 << 28
"""Of a file: 100 million pixels of 16 bits, and as much again for all else."""

DICOM_PREAMBLE, DICOM_PREFIX = 128, b"DICM"
"""Bytes before the prefix, and the prefix (PS3.10 7.1)."""

START = DICOM_PREAMBLE + len(DICOM_PREFIX)
"""Bytes of a file by which its kind is told."""


def is_dicom(start: bytes) -> bool:
    """Tell a DICOM file by its first `START` bytes."""
    return start[DICOM_PREAMBLE:START] == DICOM_PREFIX


def check_size(height: int, width: int) -> None:
    """Refuse a picture without pixels, and one with more than any detector gives.

    Raises:
        ImageError: "image-empty" or "image-too-large".
    """
    if height < 1 or width < 1:
        raise ImageError("the picture has no pixels", reason="image-empty")
    if height * width > MOST_PIXELS:
        what = f"the picture has {height:,} x {width:,} pixels, more than {MOST_PIXELS:,}"
        raise ImageError(what, reason="image-too-large")


def check_bytes(number: int) -> None:
    """Refuse a file that is too large to be one picture.

    Raises:
        ImageError: "image-too-large".
    """
    if number > MOST_BYTES:
        what = f"the file has {number:,} bytes, more than {MOST_BYTES:,}"
        raise ImageError(what, reason="image-too-large")
