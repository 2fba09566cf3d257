"""Stored DICOM values to 8 grey bits at canvas scale: the three modes, bright = radio-opaque."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi, apply_windowing

from medcutmix_cli.configuration.settings import DICOM_MODES
from medcutmix_cli.errors import ImageError, UsageError
from medcutmix_cli.images.shrink import Plane, shrink

Values = npt.NDArray[np.float64]
Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _ToneTable:
    """Grey by stored value.

    Attributes:
        first: Stored value of the first entry.
        entries: (values,) uint8, one for each stored value in the picture's range.
    """

    first: int
    entries: Grey

    def look_up(self, stored: Plane) -> Grey:
        return np.take(self.entries, stored.astype(np.int32) - self.first, mode="clip")


def to_grey(stored: Plane, header: Dataset, mode: str, size: tuple[int, int], *, exact: bool) -> Plane:
    """Return the picture in grey at `size`, uint8.

    Args:
        stored: (rows, columns) uint8, uint16 or int16: the stored values.
        header: The file's other attributes.
        mode: One of `DICOM_MODES`.
        size: Rows and columns wanted.
        exact: Bring every pixel to grey, then average, as a viewer would. Else average first where a table
            follows: many times faster, and equal but for where the table bends within one canvas pixel.

    Raises:
        ImageError: All values are equal.
        UsageError: No such mode.
    """
    if mode not in DICOM_MODES:
        raise UsageError(f"there is no DICOM mode {mode!r}", hint=f"known: {', '.join(DICOM_MODES)}")
    low, high = int(stored.min()), int(stored.max())
    if low == high:
        raise ImageError("all pixels are equal", reason="image-constant")
    _table(header, "voi", low, high, ends=True)  # a file is refused for its tables in every mode, or in none
    if mode == "mimic-jpg":
        return shrink(_mimic_jpg(stored, low, high, inverted=_inverted(header), exact=exact), *size)
    table = _table(header, mode, low, high)
    return shrink(table.look_up(stored), *size) if exact else table.look_up(shrink(stored, *size))


def _inverted(header: Dataset) -> bool:
    # PS3.3 C.7.6.3.1.2: in MONOCHROME1 the lowest value is shown white.
    return str(header.PhotometricInterpretation) == "MONOCHROME1"


def _mimic_jpg(stored: Plane, low: int, high: int, *, inverted: bool, exact: bool) -> Grey:
    """Follow the recipe of MIMIC-CXR-JPG (Johnson et al. 2019, arXiv:1901.07042, Methods): no VOI LUT.

    Subtract the lowest value, divide by the highest of what is left, times 255, cut to whole numbers, invert
    MONOCHROME1, equalise the histogram with OpenCV. Equalising bends the table at every spike of the
    histogram, so averaging first would be seen (down to 15 dB); it is fast enough at full size.
    """
    if exact:
        steps = (np.arange(high - low + 1) / (high - low) * 255.0).astype(np.uint8)
        grey = _ToneTable(low, steps).look_up(stored)
    else:
        # OpenCV rounds; the fractions are multiples of 1 / (high - low), so this shift makes it cut.
        scale, cut = 255.0 / (high - low), 0.5 / (high - low) - 0.5
        grey = np.asarray(cv2.convertScaleAbs(stored, None, scale, cut - low * scale), np.uint8)
    return np.asarray(cv2.equalizeHist(cv2.bitwise_not(grey) if inverted else grey), np.uint8)


def _table(header: Dataset, mode: str, low: int, high: int, *, ends: bool = False) -> _ToneTable:
    """Return the grey of every stored value, or of the lowest and the highest alone."""
    stored = np.array([low, high], np.int32) if ends else np.arange(low, high + 1, dtype=np.int32)
    values = apply_modality_lut(stored, header)
    if "RescaleSlope" in header and float(header.RescaleSlope) == 0:
        raise ImageError("the DICOM file's rescale makes all values one", reason="dicom-tone-unusable")
    shown = _windowed(values, header) if mode == "voi" else _stretched(values)
    if not np.isfinite(shown).all():
        raise ImageError("the DICOM file's rescale or window is no number", reason="dicom-tone-unusable")
    entries = np.rint(shown * 255.0).clip(0, 255).astype(np.uint8)
    return _ToneTable(low, 255 - entries if _inverted(header) else entries)


def _stretched(values: npt.NDArray[np.generic]) -> Values:
    low, high = float(values.min()), float(values.max())
    return (values.astype(np.float64) - low) / max(high - low, 1e-12)


def _windowed(values: npt.NDArray[np.generic], header: Dataset) -> Values:
    """Return VOI output in [0, 1] (PS3.3 C.11.2.1); a LUT goes before a window, none of both is min-max."""
    luts = header.get("VOILUTSequence")
    if luts and "LUTDescriptor" in luts[0] and "LUTData" in luts[0]:
        # A rescale makes floats of whole numbers; a LUT is looked up by whole numbers.
        looked_up = apply_voi(np.rint(values.astype(np.float64)).astype(np.int32), header)
        return looked_up.astype(np.float64) / (2.0 ** int(luts[0].LUTDescriptor[2]) - 1.0)
    if header.get("WindowCenter") is None or header.get("WindowWidth") is None:
        return _stretched(values)
    # Far beyond both ends of the window the function gives its output range, whatever its shape.
    dark, bright = apply_windowing(_beyond(header), header)
    if dark == bright:
        raise ImageError("the DICOM window has no width", reason="dicom-tone-unusable")
    shown = apply_windowing(np.asarray(values), header).astype(np.float64)
    return np.asarray((shown - dark) / (bright - dark), np.float64)


def _beyond(header: Dataset) -> Values:
    centre, width = (
        float(element.value[0] if element.VM > 1 else element.value)
        for element in (header["WindowCenter"], header["WindowWidth"])
    )
    return np.array([centre - 100.0 * width, centre + 100.0 * width])
