"""Picture files of the sample are what a reader of real ones expects."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pydicom
import pytest
from pydicom import config

from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.datasets.phantoms.sampling.lateral import paint_lateral
from medcutmix_cli.datasets.phantoms.sampling.pictures import detector_values, dicom_bytes, jpg_bytes, uid
from medcutmix_cli.datasets.phantoms.sampling.studies import draw_studies, with_pictures

PHANTOM = draw_phantom(9)
IMAGE = paint(PHANTOM, 160).image
PLANS = [with_pictures(study, "PA", 1) for study in draw_studies(40, seed=1)]


def read_dicom(inverted: bool) -> pydicom.FileDataset:
    plan = next(plan for plan in PLANS if plan.inverted == inverted and plan.pictures[0].view)
    return pydicom.dcmread(io.BytesIO(dicom_bytes(IMAGE, plan, plan.pictures[0], PHANTOM)))


@pytest.fixture(autouse=True)
def _strict_reading(monkeypatch):
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.RAISE)


@pytest.mark.parametrize(
    ("inverted", "photometric", "modality"),
    [
        pytest.param(False, "MONOCHROME2", "DX", id="dx-is-monochrome2"),
        pytest.param(True, "MONOCHROME1", "CR", id="cr-is-monochrome1"),
    ],
)
def test_a_dicom_file_has_the_tags_of_a_real_one(inverted, photometric, modality):
    dataset = read_dicom(inverted)
    assert str(dataset)
    assert dataset.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert (dataset.PhotometricInterpretation, dataset.Modality) == (photometric, modality)
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 12, 11)
    assert (dataset.Rows, dataset.Columns) == IMAGE.shape
    assert dataset.ViewPosition == "PA"
    assert dataset.PatientID.startswith("1")
    assert dataset.StudyID.startswith("5")
    assert dataset.ImagerPixelSpacing[0] > 0
    assert dataset.WindowWidth > 1
    for element in (dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID):
        assert element.startswith("2.25.")
        assert element.is_valid


def test_monochrome1_holds_the_same_picture_upside_down():
    upright, inverted = read_dicom(False).pixel_array, read_dicom(True).pixel_array
    assert np.array_equal(upright, detector_values(IMAGE))
    assert np.array_equal(inverted, 4095 - upright)


def test_a_view_that_is_unknown_is_unknown_in_the_file_too():
    picture = replace(PLANS[0].pictures[0], view="")
    dataset = pydicom.dcmread(io.BytesIO(dicom_bytes(IMAGE, PLANS[0], picture, PHANTOM)))
    assert dataset.ViewPosition == ""
    assert "ViewCodeSequence" not in dataset


def test_a_jpg_is_grey_histogram_equalised_and_spans_the_range():
    decoded = cv2.imdecode(np.frombuffer(jpg_bytes(IMAGE), np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded.shape == IMAGE.shape
    shares = np.histogram(decoded[decoded > 8], bins=4, range=(0, 256))[0] / (decoded > 8).sum()
    assert shares.min() > 0.12
    assert decoded.min() < 8
    assert decoded.max() > 247


def test_a_uid_depends_on_its_words_alone_and_fits_64_characters():
    assert uid("study", 5) == uid("study", 5)
    assert uid("study", 5) != uid("study", 6)
    assert len(uid("study", 5)) <= 64


def test_a_lateral_view_is_another_picture_of_the_same_size():
    lateral = paint_lateral(PHANTOM, 160)
    assert lateral.shape == IMAGE.shape
    assert 0 <= lateral.min() < 0.2
    assert 0.6 < lateral.max() <= 1
    assert np.corrcoef(lateral.ravel(), IMAGE.ravel())[0, 1] < 0.9
