"""DICOM files to a plane of grey values: plain pixel data is read as it lies in the file, the rest is decoded."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGExtended12Bit

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images.picture_parts import open_picture, size_of
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.quiet import ignore_pydicom_warnings
from medcutmix_cli.images.shrink import Plane
from medcutmix_cli.images.tone import to_grey
from medcutmix_cli.records import Placement

_PIXEL_DATA = struct.pack("<HH", 0x7FE0, 0x0010)

# What pydicom and its decoders let through on damaged files; everything else is our own mistake.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


def read_dicom(path: Path, canvas: int, mode: str, *, exact: bool) -> tuple[Plane, Placement]:
    """Return the picture at canvas scale, (placement.height, placement.width) uint8, and its placement.

    Args:
        path: The file.
        canvas: Side of the canvas, pixels.
        mode: One of `tone.DICOM_MODES`.
        exact: Grey values first, then averaging, as a viewer would; else averaging first, which is faster.

    Raises:
        ImageError: With a reason that says what kind of file or damage it is.
    """
    try:
        with ignore_pydicom_warnings():
            return _read(path, canvas, mode, exact=exact)
    except ImageError as error:
        raise ImageError(error.what, where=str(path), hint=error.hint, reason=error.reason) from error
    except _DAMAGE as error:
        what = f"the DICOM file cannot be decoded ({type(error).__name__})"
        raise ImageError(what, where=str(path), reason="image-unreadable") from error


def _read(path: Path, canvas: int, mode: str, *, exact: bool) -> tuple[Plane, Placement]:
    header, stored = _stored(path)
    placement = letterbox(stored.shape[0], stored.shape[1], canvas)
    size = placement.height, placement.width
    return to_grey(stored, header, mode, size, exact=exact), placement


def _stored(path: Path) -> tuple[FileDataset, Plane]:
    with open_picture(path) as file:
        header = dcmread(file, stop_before_pixels=True)
        element = file.tell()
    _refuse(header)
    plain = _read_plain(path, header, element)
    return header, _decode(path) if plain is None else plain


def _refuse(header: FileDataset) -> None:
    """Raise the named reason for every kind of picture that is not one grey plane of 8 or 16 bits."""
    if "TransferSyntaxUID" not in getattr(header, "file_meta", {}):
        raise ImageError("the DICOM file has no transfer syntax", reason="dicom-no-transfer-syntax")
    if not header.get("Rows") or not header.get("Columns"):
        raise ImageError("the DICOM file holds no picture", reason="image-empty")
    photometric = str(header.get("PhotometricInterpretation", ""))
    if photometric == "PALETTE COLOR":
        raise ImageError("the DICOM picture has a palette", reason="dicom-palette")
    if int(header.get("SamplesPerPixel", 1)) != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageError("the DICOM picture is in colour", reason="dicom-colour")
    if int(header.get("NumberOfFrames") or 1) != 1:
        raise ImageError("the DICOM file holds several frames", reason="dicom-multi-frame")
    if header.get("BitsAllocated") not in (8, 16) or header.HighBit != header.BitsStored - 1:
        raise ImageError("the DICOM pixels are not plain 8 or 16 bits", reason="dicom-unsupported-pixels")


def _read_plain(path: Path, header: FileDataset, element: int) -> Plane | None:
    """Read uncompressed little-endian pixel data; None where it has to be decoded.

    Mapping the file instead would spare half a millisecond, and end the process (SIGBUS) where a share fails, or a
    file is cut, while it is looked at: what `read` says is an error that can be told.
    """
    syntax = header.file_meta.TransferSyntaxUID
    if syntax not in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        return None
    shape = int(header.Rows), int(header.Columns)
    kind = np.dtype(f"<{'i' if header.PixelRepresentation else 'u'}{int(header.BitsAllocated) // 8}")
    offset = _value_offset(path, element, explicit=syntax == ExplicitVRLittleEndian)
    needed = shape[0] * shape[1] * kind.itemsize
    if offset is None or kind == np.int8:
        return None
    if size_of(path) < offset + needed:
        raise ImageError("the DICOM file ends before its last pixel", reason="image-truncated")
    plane = np.empty(shape, kind)
    with open_picture(path) as file:
        file.seek(offset)
        if file.readinto(plane.data.cast("B")) < needed:  # type: ignore[attr-defined] # typing.BinaryIO lacks it
            raise ImageError("the DICOM file ends before its last pixel", reason="image-truncated")
    return plane if _within(plane, header) else None


def _value_offset(path: Path, element: int, *, explicit: bool) -> int | None:
    # PS3.5 7.1.2: tag, then VR, two reserved bytes and a 4-byte length; implicit: tag and length only.
    with open_picture(path) as file:
        file.seek(element)
        start = file.read(12 if explicit else 8)
    plain = start[:4] == _PIXEL_DATA and (not explicit or start[4:6] in (b"OW", b"OB"))
    return element + len(start) if plain else None


def _within(plane: Plane, header: FileDataset) -> bool:
    """Tell whether the bits above Bits Stored are unused; pydicom clears them where they are not."""
    span = 1 << int(header.BitsStored)
    low = -(span // 2) if header.PixelRepresentation else 0
    return bool(int(plane.min()) >= low and int(plane.max()) < low + span)


def _decode(path: Path) -> Plane:
    """Decode with pydicom and whichever of its decoders is installed."""
    with open_picture(path) as file:
        header = dcmread(file)
    if "PixelData" not in header:
        raise ImageError("the DICOM file holds no pixel data", reason="image-empty")
    try:
        stored = header.pixel_array
    except (RuntimeError, NotImplementedError) as error:
        raise _undecodable(header) from error
    if stored.ndim != 2 or stored.dtype.kind not in "iu":
        raise ImageError("the DICOM pixels are not one grey plane", reason="dicom-unsupported-pixels")
    signed = bool(header.PixelRepresentation)
    return stored.astype(np.int16 if signed else np.uint8 if stored.itemsize == 1 else np.uint16, copy=False)


def _undecodable(header: FileDataset) -> ImageError:
    syntax = header.file_meta.TransferSyntaxUID
    # Pillow registers for 12-bit JPEG and then refuses it: no decoder is known that takes it.
    if syntax != JPEGExtended12Bit and get_decoder(syntax).is_available:
        return ImageError(f"the DICOM pixels are damaged ({syntax.name})")
    return ImageError(
        f"no installed decoder reads this DICOM picture ({syntax.name})",
        hint="pip install 'medcutmix[gdcm]' reads JPEG Lossless",
        reason="dicom-unsupported-transfer-syntax",
    )
