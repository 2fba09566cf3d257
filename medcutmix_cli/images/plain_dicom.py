"""DICOM pixel data that lies in the file as it is: no library decodes it, so it is read where it is asked for.

Each length is looked at before anything is read by it. What is not as plain as that is for the processes that decode.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medcutmix_cli.errors import ImageError, UsageError
from medcutmix_cli.images.bounds import check_size
from medcutmix_cli.images.decoding import DecodingRequest
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.quiet import ignore_pydicom_warnings
from medcutmix_cli.images.shrink import Plane
from medcutmix_cli.images.tone import to_grey
from medcutmix_cli.records import Placement

_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_UNDEFINED = 0xFFFFFFFF  # PS3.5 7.1.1
_HEADER = 1 << 16  # bytes; more of it takes longer to look through than a decoder to answer
_MOST = (
    1 << 26
)  # bytes of pixels: twice what the largest detectors give; a decoder has its own limit of memory


@dataclass(frozen=True, slots=True)
class PlainPixels:
    """Where pixels lie, and as what.

    Attributes:
        offset: Of the first one in the file.
        length: Bytes that the element says it has.
        shape: Rows and columns.
        kind: Of one pixel.
    """

    offset: int
    length: int
    shape: tuple[int, int]
    kind: np.dtype[np.integer[Any]]

    @property
    def needed(self) -> int:
        """Bytes that the picture has."""
        return self.shape[0] * self.shape[1] * self.kind.itemsize

    def check(self, size: int) -> None:
        """Refuse a file of `size` bytes that lacks some of the pixels.

        Raises:
            ImageError: "image-truncated".
        """
        if self.length < self.needed or size < self.offset + self.needed:
            raise ImageError("the DICOM file ends before its last pixel", reason="image-truncated")
        check_frames(self.length, self.needed)


def check_frames(length: int, needed: int) -> None:
    """See that there are not pixels of more frames than one, whatever the header says of their number.

    Args:
        length: Bytes of the pixel data, padding included.
        needed: Bytes of one frame.

    Raises:
        ImageError: "dicom-multi-frame".
    """
    if length >= 2 * needed:
        raise ImageError("the DICOM file holds pixels of several frames", reason="dicom-multi-frame")


def find_plain_pixels(header: FileDataset, element: int, start: bytes) -> PlainPixels | None:
    """Return where uncompressed little-endian pixels lie; None where they are told in another way.

    Args:
        header: All before the pixels.
        element: Where their element begins.
        start: Its first 12 bytes.
    """
    if header.file_meta.TransferSyntaxUID not in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        return None
    explicit = not header.original_encoding[0]  # it need not be what is said
    # PS3.5 7.1.2: tag, then VR, two reserved bytes and a 4-byte length; implicit: tag and length only.
    start = start[: 12 if explicit else 8]
    length = int.from_bytes(start[-4:], "little")
    kind = np.dtype(f"<{'i' if header.PixelRepresentation else 'u'}{int(header.BitsAllocated) // 8}")
    told = start[:4] == _PIXEL_DATA and (not explicit or start[4:6] in (b"OW", b"OB"))
    if not told or length == _UNDEFINED or kind == np.int8:
        return None
    return PlainPixels(element + len(start), length, (int(header.Rows), int(header.Columns)), kind)


def is_within(plane: Plane, header: FileDataset) -> bool:
    """Tell whether the bits above Bits Stored are unused; pydicom clears them where they are not."""
    span = 1 << int(header.BitsStored)
    low = -(span // 2) if header.PixelRepresentation else 0
    return bool(int(plane.min()) >= low and int(plane.max()) < low + span)


def read_plain_dicom(file: BinaryIO, request: DecodingRequest) -> tuple[Plane, Placement] | None:
    """Return a picture whose pixels lie in a file as they are, None where it is for a decoder to read or refuse.

    Mapping the file instead would spare half a millisecond, and end the process (SIGBUS) where a share fails, or a
    file is cut, while it is looked at: what `read` says is an error that can be told.

    Raises:
        OSError: What the storage says.
    """
    head = file.read(_HEADER)
    try:
        with ignore_pydicom_warnings():
            return _read(file, head, request)
    except (OSError, UsageError):
        raise
    except Exception:  # noqa: BLE001 - the decoder says what it is
        return None


def _read(file: BinaryIO, head: bytes, request: DecodingRequest) -> tuple[Plane, Placement] | None:
    start = BytesIO(head)
    header = dcmread(start, stop_before_pixels=True)
    element = start.tell()
    pixels = find_plain_pixels(header, element, head[element : element + 12])
    if pixels is None or pixels.needed > _MOST or not _is_grey(header):
        return None
    check_size(*pixels.shape)
    pixels.check(request.size)
    plane = np.empty(pixels.shape, pixels.kind)
    file.seek(pixels.offset)
    if file.readinto(plane.data.cast("B")) < pixels.needed or not is_within(plane, header):  # type: ignore[attr-defined] # BinaryIO has it not
        return None
    at = letterbox(*pixels.shape, request.canvas)
    size = at.height, at.width
    return to_grey(plane, header, request.dicom_mode, size, exact=request.exact), at


def _is_grey(header: FileDataset) -> bool:
    """Tell whether there is one plane of grey; a decoder names what there is else."""
    return (
        header.PhotometricInterpretation in ("MONOCHROME1", "MONOCHROME2")
        and header.get("SamplesPerPixel") == 1
        and int(header.get("NumberOfFrames") or 1) == 1
        and header.BitsAllocated in (8, 16)
        and header.HighBit == header.BitsStored - 1
    )
