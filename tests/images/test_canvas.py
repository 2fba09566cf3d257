"""Real and odd files beside the repository: each is read, or refused by name, without a warning."""

from __future__ import annotations

import pytest

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import DICOM_MODES, read_canvas
from medcutmix_cli.records import PictureRules
from tests.pictures import SHARED, psnr

CHESTS = {"wg04_RG1_JLSN.dcm", "wg04_RG3_UNC.dcm"}
REFUSALS = {
    "image-format-unknown",
    "dicom-colour",
    "dicom-multi-frame",
    "dicom-palette",
    "dicom-unsupported-transfer-syntax",
}


def files(folder: str, *suffixes: str):
    found = sorted(p for p in (SHARED / folder).rglob("*") if p.suffix.lower() in suffixes)
    if not found:
        pytest.skip(f"the shared data set {folder} is not here")
    return found


def outcome(path, mode: str) -> str:
    try:
        return "read" if read_canvas(path, 224, PictureRules(mode)).pixels.std() > 0 else "black"
    except ImageError as error:
        return error.reason


@pytest.mark.parametrize("mode", DICOM_MODES)
def test_odd_dicom_files_are_read_or_refused_by_name(mode):
    outcomes = {path.name: outcome(path, mode) for path in files("dicom", ".dcm")}
    refused = {name: reason for name, reason in outcomes.items() if reason != "read"}
    assert set(refused.values()) <= REFUSALS, refused
    assert len(outcomes) - len(refused) >= 13


@pytest.mark.parametrize("mode", DICOM_MODES)
def test_a_real_chest_dicom_is_nearly_the_same_by_the_fast_path(mode):
    chests = [path for path in files("dicom", ".dcm") if path.name in CHESTS]
    assert {path.name for path in chests} == CHESTS
    for path in chests:
        fast, exact = (read_canvas(path, 448, PictureRules(mode), exact=e).pixels for e in (False, True))
        assert psnr(fast, exact) > 50, path.name


def test_real_chest_pictures_are_all_read_and_nearly_the_same_by_the_fast_path():
    paths = files("covid-cxr/images", ".jpg", ".jpeg", ".png")[::4] + files("nih-chestxray14", ".png")[::10]
    for path in paths:
        fast, exact = (read_canvas(path, 448, PictureRules("voi"), exact=e).pixels for e in (False, True))
        assert psnr(fast, exact) > 44, path.name


HOSTILE = {
    "apng_sigsegv.png": "image-animated",
    "dicom_deflate_bomb_3MB_to_12GB.dcm": "image-too-large",
    "half_then_trailing_u16_exp.dcm": "image-truncated",
    "says_implicit_is_explicit_u8.dcm": "image-truncated",
    "modlut_desc.dcm": "image-unreadable",
}


@pytest.mark.parametrize("mode", DICOM_MODES)
def test_hostile_files_are_refused_by_name_in_every_mode(mode):
    found = {path.name: path for path in files("hostile", ".png", ".dcm")}
    assert {name: outcome(found[name], mode) for name in HOSTILE if name in found} == HOSTILE
