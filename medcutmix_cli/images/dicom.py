"""DICOM files to a plane of grey values: plain pixel data is read as it lies in the file, the rest is decoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.filereader import read_dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGExtended12Bit,
)
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32

from medcutmix_cli.errors import ImageError, UsageError, cause
from medcutmix_cli.images.bounds import DICOM_PREAMBLE, DICOM_PREFIX, START, check_size
from medcutmix_cli.images.buffer_file import as_file
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.plain_dicom import check_frames, find_plain_pixels, is_within
from medcutmix_cli.images.quiet import ignore_pydicom_warnings
from medcutmix_cli.images.shrink import Plane
from medcutmix_cli.images.tone import to_grey
from medcutmix_cli.records import Placement
from medcutmix_cli.system.extras import pip_line

_META = 0x0002
_LONG = frozenset(kind.value.encode() for kind in EXPLICIT_VR_LENGTH_32)
_KINDS = _LONG | {kind.value.encode() for kind in EXPLICIT_VR_LENGTH_16}
_PIXEL_TAG = 0x7FE00008  # float pixel data, the first of the tags of pixels
_HEADER = 1 << 22  # bytes: more than stands before the pixels, or after them


def read_dicom(content: memoryview, canvas: int, mode: str, *, exact: bool) -> tuple[Plane, Placement]:
    """Return the picture at canvas scale, (placement.height, placement.width) uint8, and its placement.

    Args:
        content: The whole file.
        canvas: Side of the canvas, pixels.
        mode: One of `tone.DICOM_MODES`.
        exact: Grey values first, then averaging, as a viewer would; else averaging first, which is faster.

    Raises:
        ImageError: With a reason that says what kind of file or damage it is.
    """
    try:
        with ignore_pydicom_warnings():
            return _read(_inflated(content), canvas, mode, exact=exact)
    except (ImageError, UsageError, MemoryError):
        raise
    except Exception as error:  # what pydicom and its decoders let through has no end
        what = f"the DICOM file cannot be decoded ({cause(error)})"
        raise ImageError(what) from error


def _read(content: memoryview, canvas: int, mode: str, *, exact: bool) -> tuple[Plane, Placement]:
    header, stored = _stored(content)
    placement = letterbox(stored.shape[0], stored.shape[1], canvas)
    size = placement.height, placement.width
    return to_grey(stored, header, mode, size, exact=exact), placement


def _stored(content: memoryview) -> tuple[FileDataset, Plane]:
    file = as_file(content)
    header = dcmread(file, stop_before_pixels=True)
    element = file.tell()
    _refuse(header)
    plain = _read_plain(content, header, element)
    return header, _decode(content) if plain is None else plain


def _inflated(content: memoryview) -> memoryview:
    """Return a deflated file as a plain one, inflated to no more than its picture has; others as they are.

    pydicom would inflate whatever there is: three megabytes can be twelve gigabytes.
    """
    syntax, end = _meta(content)
    if syntax != DeflatedExplicitVRLittleEndian:
        return content
    _check_meta(content, end)
    plain = _inflate(content[end:])
    uid = ExplicitVRLittleEndian.encode() + b"\0"
    meta = struct.pack("<HH2sH", _META, 0x0010, b"UI", len(uid)) + uid
    return memoryview(b"".join((bytes(DICOM_PREAMBLE), DICOM_PREFIX, meta, plain)))


def _check_meta(content: memoryview, end: int) -> None:
    """See that the file meta information is as its group length says, and made of explicit elements (PS3.10 7.1).

    Where it is damaged others begin to inflate elsewhere, or read the rest as it is.
    """
    length = struct.pack("<HH2sHI", _META, 0, b"UL", 4, end - START - 12)
    kinds = {element.kind for element in _meta_elements(content)}
    if content[START : START + 12] != length or not kinds <= _KINDS:
        raise ImageError("the DICOM file's meta information is damaged", reason="image-unreadable")


def _inflate(packed: memoryview) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    start = stream.decompress(packed, _HEADER)
    if stream.eof:
        return start
    header = read_dataset(BytesIO(start), False, True, stop_when=lambda tag, _vr, _length: tag >= _PIXEL_TAG)
    rows, columns, bits = (int(header.get(name) or 0) for name in ("Rows", "Columns", "BitsAllocated"))
    check_size(rows, columns)
    rest = stream.decompress(stream.unconsumed_tail, rows * columns * bits // 8 + _HEADER)
    if not stream.eof and stream.unconsumed_tail:
        raise ImageError("the DICOM file inflates to more than its picture", reason="image-too-large")
    if not stream.eof:
        raise ImageError("the deflated DICOM file ends too early", reason="image-truncated")
    return start + rest


def _meta(content: memoryview) -> tuple[str, int]:
    """Return the transfer syntax and where the file meta information ends (PS3.10 7.1: always explicit VR)."""
    syntax, end = "", START
    for element in _meta_elements(content):
        if element.number == 0x0010:
            syntax = bytes(content[element.start : element.end]).decode("ascii", "replace").rstrip("\0 ")
        end = element.end
    return syntax, end


@dataclass(frozen=True, slots=True)
class _Element:
    """An element of the file meta information; its value lies between `start` and `end` of the file."""

    number: int
    kind: bytes
    start: int
    end: int


def _meta_elements(content: memoryview) -> Iterator[_Element]:
    at = START
    while at + 12 <= len(content):
        group, number, kind, length = struct.unpack("<HH2sH", content[at : at + 8])
        if group != _META:
            return
        start = at + 8
        if kind in _LONG:
            length, start = int.from_bytes(content[at + 8 : at + 12], "little"), at + 12
        at = start + length
        yield _Element(number, kind, start, at)


def _refuse(header: FileDataset) -> None:
    """Raise the named reason for every kind of picture that is not one grey plane of 8 or 16 bits."""
    if "TransferSyntaxUID" not in getattr(header, "file_meta", {}):
        raise ImageError("the DICOM file has no transfer syntax", reason="dicom-no-transfer-syntax")
    if not header.get("Rows") or not header.get("Columns"):
        raise ImageError("the DICOM file holds no picture", reason="image-empty")
    check_size(int(header.Rows), int(header.Columns))
    photometric = str(header.get("PhotometricInterpretation", ""))
    if photometric == "PALETTE COLOR":
        raise ImageError("the DICOM picture has a palette", reason="dicom-palette")
    # Type 1 (PS3.3 C.7.6.3): others refuse the file, or take anything for it.
    if not header.get("SamplesPerPixel"):
        what = "the DICOM file does not say its samples per pixel"
        raise ImageError(what, reason="dicom-unsupported-pixels")
    if int(header.SamplesPerPixel) != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageError("the DICOM picture is in colour", reason="dicom-colour")
    if int(header.get("NumberOfFrames") or 1) != 1:
        raise ImageError("the DICOM file holds several frames", reason="dicom-multi-frame")
    if header.get("BitsAllocated") not in (8, 16) or header.HighBit != header.BitsStored - 1:
        raise ImageError("the DICOM pixels are not plain 8 or 16 bits", reason="dicom-unsupported-pixels")


def _read_plain(content: memoryview, header: FileDataset, element: int) -> Plane | None:
    """Look at uncompressed little-endian pixel data where it lies; None where it has to be decoded."""
    pixels = find_plain_pixels(header, element, bytes(content[element : element + 12]))
    if pixels is None:
        return None
    pixels.check(len(content))
    stored = content[pixels.offset : pixels.offset + pixels.needed]
    plane = np.frombuffer(stored, pixels.kind).reshape(pixels.shape)
    plane = plane.copy()  # where it lies it is not aligned, which costs more than the copy
    return plane if is_within(plane, header) else None


def _decode(content: memoryview) -> Plane:
    """Decode with pydicom and whichever of its decoders is installed."""
    header = dcmread(as_file(content))
    if "PixelData" not in header:
        raise ImageError("the DICOM file holds no pixel data", reason="image-empty")
    _check_length(header)
    try:
        stored = header.pixel_array
    except (RuntimeError, NotImplementedError) as error:
        raise _undecodable(header) from error
    if stored.ndim != 2 or stored.dtype.kind not in "iu":
        raise ImageError("the DICOM pixels are not one grey plane", reason="dicom-unsupported-pixels")
    signed = bool(header.PixelRepresentation)
    return stored.astype(np.int16 if signed else np.uint8 if stored.itemsize == 1 else np.uint16, copy=False)


def _check_length(header: FileDataset) -> None:
    if header.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    needed = int(header.Rows) * int(header.Columns) * int(header.BitsAllocated) // 8
    if len(header.PixelData) < needed:
        raise ImageError("the DICOM file ends before its last pixel", reason="image-truncated")
    check_frames(len(header.PixelData), needed)


def _undecodable(header: FileDataset) -> ImageError:
    syntax = header.file_meta.TransferSyntaxUID
    # Pillow registers for 12-bit JPEG and then refuses it: no decoder is known that takes it.
    if syntax != JPEGExtended12Bit and get_decoder(syntax).is_available:
        return ImageError(f"the DICOM pixels are damaged ({syntax.name})")
    return ImageError(
        f"no installed decoder reads this DICOM picture ({syntax.name})",
        hint=f"JPEG Lossless is read with: {pip_line('gdcm')}",
        reason="dicom-unsupported-transfer-syntax",
    )
