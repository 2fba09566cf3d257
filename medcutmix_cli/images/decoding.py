"""The bytes of one picture file to grey at canvas scale, whatever they are: a picture, or a named refusal.

Runs in the processes that decode (`decoder_process.py`); knows no file, no process and no limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.errors import ImageError, UsageError, cause
from medcutmix_cli.images.bounds import START, is_dicom
from medcutmix_cli.images.raster import is_raster, read_raster
from medcutmix_cli.images.shrink import Plane
from medcutmix_cli.records import Placement


@dataclass(frozen=True, slots=True)
class DecodingRequest:
    """What is asked of a decoder.

    Attributes:
        size: Bytes of the file.
        canvas: Side of the canvas, pixels.
        dicom_mode: One of `DICOM_MODES`; without meaning for JPEG and PNG.
        exact: Decode and tone every pixel before averaging.
        corrupt_jpeg: "refuse" or "keep" what libjpeg calls corrupt, and decodes whole.
    """

    size: int
    canvas: int
    dicom_mode: str
    exact: bool = False
    corrupt_jpeg: str = "refuse"


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """What a decoder makes of a file.

    Attributes:
        plane: (placement.height, placement.width) uint8.
        placement: Where it lies on its canvas.
        corrupt: Whether it was kept although libjpeg calls it corrupt.
    """

    plane: Plane
    placement: Placement
    corrupt: bool = False


def decode(content: memoryview, request: DecodingRequest) -> tuple[Plane, Placement]:
    """Return the picture, (placement.height, placement.width) uint8, and where it lies on its canvas.

    Raises:
        ImageError: With the reason to count it under.
        UsageError: There is no such DICOM mode.
    """
    start = bytes(content[:START])
    try:
        if is_raster(start):
            return read_raster(content, request.canvas, exact=request.exact)
        if is_dicom(start):
            from medcutmix_cli.images.dicom import read_dicom  # as long to import as all else together

            return read_dicom(content, request.canvas, request.dicom_mode, exact=request.exact)
    except (ImageError, UsageError):
        raise
    except MemoryError as error:
        what = "the picture takes more memory than any detector's does"
        raise ImageError(what, reason="image-too-large") from error
    except Exception as error:  # a file must not end a run, whatever a library makes of it
        raise ImageError(f"the picture cannot be decoded ({cause(error)})") from error
    raise ImageError("the file is neither JPEG, PNG nor DICOM", reason="image-format-unknown")
