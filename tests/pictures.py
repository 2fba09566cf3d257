"""Pictures made by the tests themselves: shapes with noise, written as DICOM, JPEG or PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def make_shapes(
    height: int = 800, width: int = 640, bits: int = 12, noise: float = 0.006
) -> npt.NDArray[Any]:
    """Return a smooth picture with noise, (height, width) uint16 that uses about 0.1-0.9 of `bits`."""
    rng = np.random.default_rng(height * width)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    shapes = (
        0.5
        + 0.2 * np.sin(5 * x + 1) * np.cos(4 * y)
        + 0.2 * np.exp(-((x - 0.4) ** 2 + (y - 0.6) ** 2) / 0.05)
    )
    noisy = shapes + rng.normal(0, noise, shapes.shape)
    return np.clip(noisy * 2**bits, 0, 2**bits - 1).astype(np.uint16)


def write_dicom(path: Path, stored: npt.NDArray[Any], **attributes: Any) -> Path:
    """Write a one-frame DICOM file; a keyword of DICOM's sets its attribute, None leaves it out."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = attributes.pop("TransferSyntaxUID", ExplicitVRLittleEndian)
    header = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    bits = attributes.get("BitsStored", 12)
    plain = {
        "SOPClassUID": meta.MediaStorageSOPClassUID,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "Rows": stored.shape[0],
        "Columns": stored.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": stored.dtype.itemsize * 8,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(stored.dtype.kind == "i"),
        "PixelData": stored.tobytes() + b"\0" * (stored.nbytes % 2),
    }
    for keyword, value in (plain | attributes).items():
        if value is not None:
            setattr(header, keyword, value)
    header.save_as(path, enforce_file_format=True)
    return path


def write_jpeg(path: Path, grey: npt.NDArray[np.uint8]) -> Path:
    """Write a JPEG of quality 95."""
    cv2.imwrite(str(path), grey, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return path


def with_rubbish(jpeg: bytes, marker: bytes = b"\xff\xd9") -> bytes:
    """Put bytes that are no pixels before the last of a JPEG's markers: libjpeg calls it corrupt."""
    at = jpeg.rindex(marker)
    return jpeg[:at] + b"\x12\x34\x56" * 9 + jpeg[at:]


def psnr(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    """Return the peak signal-to-noise ratio of two 8-bit pictures in dB, at most 99."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return min(99.0, 10 * np.log10(255**2 / error)) if error else 99.0
