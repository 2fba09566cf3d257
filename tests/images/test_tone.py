"""DICOM attributes that decide grey, in combinations, against the clauses of PS3.3 written out by hand."""

from __future__ import annotations

import itertools
from contextlib import suppress
from functools import cache

import cv2
import numpy as np
import pytest
from pydicom.dataset import Dataset

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import DICOM_MODES, read_canvas
from medcutmix_cli.records import PictureRules
from tests.pictures import write_dicom

SHAPE = (64, 48)
BITS = (
    (8, np.uint8),
    (10, np.uint16),
    (12, np.uint16),
    (14, np.uint16),
    (16, np.uint16),
    (12, np.int16),
    (16, np.int16),
)
"""Bits Stored, and the type of a pixel: Bits Allocated and Pixel Representation."""


def table_of(entries: int, first: int, bits: int, values: np.ndarray) -> Dataset:
    """Return an item of a LUT Sequence."""
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [entries, first, bits], [int(value) for value in values]
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item["LUTData"].VR = "US"
    return item


def looked_up(values: np.ndarray, item: Dataset) -> np.ndarray:
    """C.11.1.1, C.11.2.1.1: below the first value mapped comes the first entry, beyond the last the last."""
    entries, first, _ = item.LUTDescriptor
    data = np.array(item.LUTData, np.float64)
    return data[np.clip(np.rint(values).astype(int) - int(first), 0, int(entries) - 1)]


def windowed(values: np.ndarray, centre: float, width: float, function: str) -> np.ndarray:
    """C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT), with an output of 0 to 1."""
    if function == "SIGMOID":
        return 1 / (1 + np.exp(-4 * (values - centre) / width))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0, 1)
    middle, half = centre - 0.5, (width - 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (values - middle) / (width - 1) + 0.5
    return np.where(values <= middle - half, 0.0, np.where(values > middle + half, 1.0, between))


def stretched(values: np.ndarray) -> np.ndarray:
    return (values - values.min()) / (values.max() - values.min())


def stored_values(bits: int, kind: type) -> np.ndarray:
    """Return every part of the range, its ends among them, in no order."""
    low = -(1 << (bits - 1)) if kind == np.int16 else 0
    ramp = np.linspace(low, low + (1 << bits) - 1, SHAPE[0] * SHAPE[1])
    return np.random.default_rng(bits).permutation(np.rint(ramp)).astype(kind).reshape(SHAPE)


def modalities(stored: np.ndarray) -> dict[str, dict[str, object]]:
    first, last = int(stored.min()), int(stored.max())
    steps = min(last - first + 1, 256)
    lut = table_of(
        steps, first, 16, np.linspace(60_000, 100, steps) if first % 2 else np.linspace(100, 60_000, steps)
    )
    lut.ModalityLUTType = "US"
    return {
        "none": {},
        "offset": {"RescaleSlope": 1, "RescaleIntercept": -1024},
        "falling": {"RescaleSlope": -1, "RescaleIntercept": 4095},
        "fraction": {"RescaleSlope": 0.25, "RescaleIntercept": 3.5},
        "table": {"ModalityLUTSequence": [lut]},
    }


def modality(stored: np.ndarray, attributes: dict) -> np.ndarray:
    if "ModalityLUTSequence" in attributes:
        return looked_up(stored, attributes["ModalityLUTSequence"][0])
    return stored.astype(np.float64) * attributes.get("RescaleSlope", 1) + attributes.get(
        "RescaleIntercept", 0
    )


def window_of(values: np.ndarray, part: float) -> dict[str, object]:
    """Return a window around the middle of some values, that wide."""
    low, high = float(values.min()), float(values.max())
    return {"WindowCenter": round((low + high) / 2), "WindowWidth": max(1, round((high - low) * part))}


@cache
def voi_table(entries: int, first: int) -> Dataset:
    return table_of(entries, first, 12, np.linspace(0, 4095, entries) ** 2 / 4095)


def vois(values: np.ndarray) -> dict[str, dict[str, object]]:
    low, high = int(values.min()), int(values.max())
    narrow, entries = window_of(values, 0.5), min(high - low + 1, 1024)
    first = max(-(1 << 15), min(low, (1 << 16) - 1))
    lut = voi_table(entries, first)
    several = {name: [value, value + 7] for name, value in narrow.items()}
    return {
        "none": {},
        "linear": narrow,
        "all": window_of(values, 1.0),
        "step": {**narrow, "WindowWidth": 1},
        "several": several,
        "exact": {**narrow, "VOILUTFunction": "LINEAR_EXACT"},
        "exact-below-one": {**narrow, "WindowWidth": 0.5, "VOILUTFunction": "LINEAR_EXACT"},
        "sigmoid": {**window_of(values, 1.0), "VOILUTFunction": "SIGMOID"},
        "table": {"VOILUTSequence": [lut]},
        "table-and-window": {"VOILUTSequence": [lut], **narrow},
    }


def voi(values: np.ndarray, attributes: dict) -> np.ndarray:
    """C.11.2.1: a table goes before a window; of several windows the first counts."""
    if "VOILUTSequence" in attributes:
        item = attributes["VOILUTSequence"][0]
        return looked_up(values, item) / (2.0 ** item.LUTDescriptor[2] - 1)
    if "WindowCenter" not in attributes:
        return stretched(values)
    centre, width = (np.atleast_1d(attributes[name])[0] for name in ("WindowCenter", "WindowWidth"))
    return windowed(values, centre, width, attributes.get("VOILUTFunction", "LINEAR"))


def reference(stored: np.ndarray, attributes: dict, mode: str) -> np.ndarray:
    """C.7.6.3.1.2: of MONOCHROME1 the lowest value is white. Presentation LUT Shape says the same again (C.8.11.3)."""
    inverted = attributes.get("PhotometricInterpretation") == "MONOCHROME1"
    if mode == "mimic-jpg":
        shifted = stored.astype(np.float64) - float(stored.min())
        grey = (shifted / shifted.max() * 255).astype(np.uint8)
        return cv2.equalizeHist(255 - grey if inverted else grey)
    values = modality(stored, attributes)
    shown = voi(values, attributes) if mode == "voi" else stretched(values)
    grey = np.rint(np.clip(shown * 255, 0, 255))
    return 255 - grey if inverted else grey


def seen(path, mode: str) -> np.ndarray:
    top, left, bottom, right = (canvas := read_canvas(path, 64, PictureRules(mode), exact=True)).box
    return canvas.pixels[top:bottom, left:right]


POLARITIES = {
    "monochrome2": {},
    "identity": {"PresentationLUTShape": "IDENTITY"},
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1"},
    "inverse": {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
}
VOIS = tuple(vois(np.arange(4096.0)))


@pytest.mark.parametrize("how", VOIS)
def test_every_combination_is_the_picture_that_the_standard_says(tmp_path, how):
    for (bits, kind), (name, polarity) in itertools.product(BITS, POLARITIES.items()):
        stored = stored_values(bits, kind)
        for told, rescale in modalities(stored).items():
            attributes = {**polarity, **rescale, **vois(modality(stored, rescale))[how], "BitsStored": bits}
            path = write_dicom(tmp_path / "a.dcm", stored, **attributes)
            for mode in DICOM_MODES:  # written once for all of them: that takes as long as reading does
                apart = np.abs(seen(path, mode).astype(int) - reference(stored, attributes, mode))
                assert apart.max() <= 1, (mode, bits, kind.__name__, name, told)


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"WindowCenter": 100, "WindowWidth": 0}, id="no-width"),
        pytest.param({"WindowCenter": 100, "WindowWidth": 0.5}, id="linear-below-one"),
        pytest.param({"WindowCenter": 100, "WindowWidth": -5}, id="negative-width"),
        pytest.param(
            {"WindowCenter": 100, "WindowWidth": 0, "VOILUTFunction": "SIGMOID"}, id="sigmoid-of-none"
        ),
        pytest.param(
            {"WindowCenter": 100, "WindowWidth": 0, "VOILUTFunction": "LINEAR_EXACT"}, id="exact-of-none"
        ),
        pytest.param({"WindowCenter": 9, "WindowWidth": 9, "VOILUTFunction": "CUBIC"}, id="unknown-function"),
        pytest.param({"RescaleSlope": 0, "RescaleIntercept": 5}, id="slope-of-nothing"),
    ],
)
def test_what_the_standard_does_not_allow_has_one_verdict_in_every_mode(tmp_path, attributes):
    path = write_dicom(tmp_path / "a.dcm", stored_values(12, np.uint16), **attributes)
    verdicts = []
    for mode in DICOM_MODES:
        verdicts.append("read")
        with suppress(ImageError):
            seen(path, mode)
            continue
        verdicts[-1] = "refused"
    assert verdicts == ["refused"] * len(DICOM_MODES)


@pytest.mark.parametrize("mode", DICOM_MODES)
@pytest.mark.parametrize("above", [0x1000, 0x8000, 0xF000])
def test_an_overlay_in_the_bits_above_those_stored_is_not_picture(tmp_path, mode, above):
    """C.9.2 of older editions: overlays in unused bits; PS3.5 8.1.1 leaves them out of the value."""
    stored = stored_values(12, np.uint16)
    marked = stored.copy()
    marked[10:20, 10:20] |= above
    window = window_of(stored.astype(float), 0.5)
    clean = write_dicom(tmp_path / "clean.dcm", stored, **window)
    overlaid = write_dicom(tmp_path / "overlaid.dcm", marked, **window)
    assert np.array_equal(seen(overlaid, mode), seen(clean, mode))


@pytest.mark.parametrize("mode", DICOM_MODES)
def test_padding_is_a_value_like_any_other(tmp_path, mode):
    """The recipe of MIMIC-CXR-JPG takes it so; the other modes say the same of the same file."""
    stored = stored_values(12, np.uint16)
    stored[:8] = 0
    padded = write_dicom(tmp_path / "a.dcm", stored, PixelPaddingValue=0)
    assert np.abs(seen(padded, mode).astype(int) - reference(stored, {}, mode)).max() <= 1
