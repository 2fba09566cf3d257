from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLosslessSV1

from medcutmix_cli.errors import ImageError, UsageError
from medcutmix_cli.images import DICOM_MODES, read_canvas
from medcutmix_cli.images.shrink import shrink
from medcutmix_cli.records import PictureRules
from tests.pictures import make_shapes, psnr, write_dicom

WINDOW = {"WindowCenter": 2200, "WindowWidth": 2800}


def official(stored: np.ndarray, *, inverted: bool = False) -> np.ndarray:
    """The recipe of MIMIC-CXR-JPG, step by step, on every pixel."""
    shifted = stored.astype(np.float64) - stored.min()
    grey = (shifted / shifted.max() * 255).astype(np.uint8)
    return cv2.equalizeHist(255 - grey if inverted else grey)


def reason_of(path, mode: str = "voi") -> str:
    with pytest.raises(ImageError) as caught:
        read_canvas(path, 112, PictureRules(mode))
    assert caught.value.where == str(path)
    return caught.value.reason


def picture(path, mode: str, **options) -> np.ndarray:
    top, left, bottom, right = (canvas := read_canvas(path, 224, PictureRules(mode), **options)).box
    return canvas.pixels[top:bottom, left:right]


@pytest.mark.parametrize("mode", DICOM_MODES)
@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param(WINDOW, id="window"),
        pytest.param({}, id="no-window"),
        pytest.param({"PhotometricInterpretation": "MONOCHROME1", **WINDOW}, id="monochrome1"),
        pytest.param({**WINDOW, "VOILUTFunction": "SIGMOID"}, id="sigmoid"),
        pytest.param({"RescaleSlope": -1, "RescaleIntercept": 4095, **WINDOW}, id="falling-rescale"),
        pytest.param({"TransferSyntaxUID": ImplicitVRLittleEndian, **WINDOW}, id="implicit-vr"),
        pytest.param({"TransferSyntaxUID": DeflatedExplicitVRLittleEndian, **WINDOW}, id="deflated"),
    ],
)
def test_averaging_first_agrees_with_toning_every_pixel(tmp_path, mode, attributes):
    path = write_dicom(tmp_path / "a.dcm", make_shapes(), **attributes)
    assert psnr(picture(path, mode), picture(path, mode, exact=True)) > 45


@pytest.mark.parametrize("inverted", [False, True], ids=["monochrome2", "monochrome1"])
@pytest.mark.parametrize("exact", [False, True], ids=["fast", "exact"])
@pytest.mark.parametrize("bits", [8, 10, 12, 15])
def test_mimic_jpg_follows_the_official_recipe(tmp_path, inverted, exact, bits):
    stored = make_shapes(640, 480, bits)
    name = f"MONOCHROME{1 if inverted else 2}"
    path = write_dicom(tmp_path / "a.dcm", stored, BitsStored=bits, PhotometricInterpretation=name, **WINDOW)
    expected = shrink(official(stored, inverted=inverted), 224, 168)
    assert psnr(picture(path, "mimic-jpg", exact=exact), expected) > (98 if exact else 60)


def test_mimic_jpg_of_signed_values_is_that_of_the_same_values_shifted(tmp_path):
    stored = make_shapes()
    signed = write_dicom(tmp_path / "s.dcm", stored.astype(np.int16) - 2048)
    assert psnr(picture(signed, "mimic-jpg"), shrink(official(stored), 224, 179)) > 60


def test_voi_is_what_pydicom_shows(tmp_path):
    stored = make_shapes()
    path = write_dicom(tmp_path / "a.dcm", stored, **WINDOW, RescaleSlope=1, RescaleIntercept=-100)
    header = Dataset()
    header.PhotometricInterpretation, header.PixelRepresentation, header.BitsStored = "MONOCHROME2", 0, 12
    header.RescaleSlope, header.RescaleIntercept = 1, -100
    header.WindowCenter, header.WindowWidth = WINDOW.values()
    shown = apply_voi_lut(apply_modality_lut(stored, header), header)
    expected = np.rint((shown + 100) / 4095 * 255).astype(np.uint8)
    assert psnr(picture(path, "voi", exact=True), shrink(expected, 224, 179)) > 60


def test_a_voi_lut_goes_before_a_window(tmp_path):
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData = [4096, 0, 16], [int(v) for v in np.linspace(65535, 0, 4096)]
    lut["LUTDescriptor"].VR = lut["LUTData"].VR = "US"
    stored = make_shapes()
    path = write_dicom(tmp_path / "a.dcm", stored, VOILUTSequence=[lut], **WINDOW)
    expected = shrink(np.rint(255 - stored / 4095 * 255).astype(np.uint8), 224, 179)
    assert psnr(picture(path, "voi"), expected) > 50


@pytest.mark.parametrize("mode", DICOM_MODES)
def test_bone_is_bright_whichever_way_it_is_stored(tmp_path, mode):
    stored = make_shapes()
    two = write_dicom(tmp_path / "two.dcm", stored, WindowCenter=2048, WindowWidth=4096)
    one = write_dicom(
        tmp_path / "one.dcm",
        4095 - stored,
        PhotometricInterpretation="MONOCHROME1",
        WindowCenter=2048,
        WindowWidth=4096,
    )
    assert np.corrcoef(picture(one, mode).ravel(), picture(two, mode).ravel())[0, 1] > 0.999


def test_rubbish_above_bits_stored_is_not_picture(tmp_path):
    stored = make_shapes()
    clean = write_dicom(tmp_path / "clean.dcm", stored)
    stored[100:200, 100:200] |= 0x8000
    overlaid = write_dicom(tmp_path / "overlaid.dcm", stored)
    assert psnr(picture(clean, "minmax"), picture(overlaid, "minmax")) > 60


@pytest.mark.parametrize(
    ("reason", "attributes"),
    [
        pytest.param("dicom-multi-frame", {"NumberOfFrames": 2}, id="several-frames"),
        pytest.param("dicom-colour", {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, id="colour"),
        pytest.param("dicom-unsupported-pixels", {"SamplesPerPixel": None}, id="samples-not-said"),
        pytest.param("dicom-palette", {"PhotometricInterpretation": "PALETTE COLOR"}, id="palette"),
        pytest.param("dicom-unsupported-pixels", {"HighBit": 15}, id="shifted-bits"),
        pytest.param("dicom-unsupported-pixels", {"BitsAllocated": 32}, id="32-bits"),
        pytest.param("image-empty", {"Rows": 0}, id="no-rows"),
        pytest.param("image-empty", {"Rows": None}, id="not-a-picture"),
        pytest.param("image-empty", {"PixelData": None}, id="no-pixel-data"),
        pytest.param("image-truncated", {"PixelData": b"\0\1" * 500}, id="too-few-pixels"),
        pytest.param("dicom-multi-frame", {"Columns": 40}, id="pixels-of-two-frames"),
        pytest.param("dicom-multi-frame", {"Rows": 12}, id="pixels-of-eight-frames"),
        pytest.param("image-unreadable", {"WindowCenter": 100, "WindowWidth": 0}, id="window-of-no-width"),
    ],
)
def test_every_odd_dicom_has_its_name(tmp_path, reason, attributes):
    assert reason_of(write_dicom(tmp_path / "a.dcm", make_shapes(96, 80), **attributes)) == reason


@pytest.mark.parametrize("mode", DICOM_MODES)
def test_equal_pixels_are_no_picture(tmp_path, mode):
    path = write_dicom(tmp_path / "a.dcm", np.full((64, 64), 7, np.uint16))
    assert reason_of(path, mode) == "image-constant"


def test_a_syntax_without_decoder_is_named(tmp_path):
    from pydicom.encaps import encapsulate

    data = encapsulate([b"\xff\xd8\xff\xd9"])
    path = write_dicom(
        tmp_path / "a.dcm", make_shapes(96, 80), PixelData=data, TransferSyntaxUID=JPEGLosslessSV1
    )
    assert reason_of(path) in ("dicom-unsupported-transfer-syntax", "image-unreadable")


def deflated(folder):
    return write_dicom(
        folder / "a.dcm", make_shapes(96, 80), TransferSyntaxUID=DeflatedExplicitVRLittleEndian
    )


@pytest.mark.parametrize("at", [*range(132, 144), *range(144, 150)])
def test_a_deflated_file_whose_meta_information_is_damaged_is_named(tmp_path, at):
    """Tag, kind, length and value of the group length, then tag and kind of what follows it."""
    path = deflated(tmp_path)
    whole = picture(path, "minmax")
    content = bytearray(path.read_bytes())
    content[at] ^= 0x41
    path.write_bytes(content)
    with suppress(ImageError):
        assert np.array_equal(picture(path, "minmax"), whole)
        assert pydicom.dcmread(path).pixel_array.shape == (96, 80)


def test_a_deflated_file_that_is_whole_is_read(tmp_path):
    assert picture(deflated(tmp_path), "minmax").any()


def test_a_file_cut_short_is_named(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", make_shapes(96, 80))
    path.write_bytes(path.read_bytes()[:-100])
    assert reason_of(path) == "image-truncated"


def test_an_unknown_mode_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no DICOM mode"):
        read_canvas(write_dicom(tmp_path / "a.dcm", make_shapes(96, 80)), 112, PictureRules("vio"))


def test_threads_read_a_file_that_pydicom_warns_of_and_leave_the_filters_as_they_were(tmp_path):
    stored = make_shapes(200, 160)
    padded = stored.tobytes() + b"\0" * 5000
    path = write_dicom(
        tmp_path / "a.dcm", stored, PixelData=padded, TransferSyntaxUID=DeflatedExplicitVRLittleEndian
    )
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(lambda _: read_canvas(path, 224, PictureRules("voi")).pixels, range(40)))
    assert all((one == pictures[0]).all() for one in pictures)
    assert warnings.filters == before
