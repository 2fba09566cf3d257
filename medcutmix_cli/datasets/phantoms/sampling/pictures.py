"""Picture files of the sample: JPG by the recipe of MIMIC-CXR-JPG, and DICOM as a detector writes it."""

from __future__ import annotations

import hashlib
import io

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
)

from medcutmix_cli.datasets.phantoms.canvas import Layer
from medcutmix_cli.datasets.phantoms.draw_lesions import MM_PER_UNIT
from medcutmix_cli.datasets.phantoms.records import Phantom
from medcutmix_cli.datasets.phantoms.sampling.studies import SampledPicture, StudyPlan

_BITS = 12
_WRITER = UID("2.25.180339887498948482045868343656381177203")  # names this writer, as PS3.7 D.3.3.2 asks for


def detector_values(image: Layer) -> NDArray[np.uint16]:
    """Turn a painted image in [0, 1] into 12-bit stored values, bright = radio-opaque."""
    values: NDArray[np.uint16] = np.round(180 + image * 3700).astype(np.uint16)
    return values


def jpg_bytes(image: Layer) -> bytes:
    """Encode as MIMIC-CXR-JPG does: min-max to 8 bits, histogram equalised, JPEG quality 95, one channel."""
    values = detector_values(image).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    shown = ((values - low) * (255.0 / max(high - low, 1.0))).astype(np.uint8)
    encoded = cv2.imencode(".jpg", cv2.equalizeHist(shown), [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    return bytes(encoded.tobytes())


def dicom_bytes(image: Layer, study: StudyPlan, picture: SampledPicture, phantom: Phantom) -> bytes:
    """Encode as an uncompressed DICOM file, 12 bits in 16, with the tags of a CR or DX picture."""
    values = detector_values(image)
    if study.inverted:
        values = ((1 << _BITS) - 1 - values).astype(np.uint16)
    dataset = _new_file(study, picture)
    _describe_study(dataset, study, phantom)
    _describe_picture(dataset, study, picture, phantom)
    _describe_pixels(dataset, study, values, phantom)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def uid(*words: str | int) -> UID:
    """Make a UID below 2.25 from words (PS3.5 B.2: 2.25 and a 128-bit number in decimal)."""
    digest = hashlib.sha256("\x1f".join(str(word) for word in words).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def _new_file(study: StudyPlan, picture: SampledPicture) -> FileDataset:
    kind = ComputedRadiographyImageStorage if study.inverted else DigitalXRayImageStorageForPresentation
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = uid("picture", picture.dicom_id)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _WRITER
    meta.ImplementationVersionName = "MEDCUTMIX_SAMPLE"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = kind
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    return dataset


def _describe_study(dataset: FileDataset, study: StudyPlan, phantom: Phantom) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.StudyDate = dataset.ContentDate = dataset.AcquisitionDate = study.date
    dataset.StudyTime = dataset.ContentTime = dataset.AcquisitionTime = study.time
    dataset.AccessionNumber = ""
    dataset.Modality = "CR" if study.inverted else "DX"
    dataset.Manufacturer = "procedural phantom"
    dataset.ReferringPhysicianName = ""
    dataset.PatientName = ""
    dataset.PatientID = str(study.subject_id)
    dataset.PatientBirthDate = ""
    dataset.PatientSex = phantom.patient.sex
    dataset.PatientAge = f"{phantom.patient.age:03d}Y"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "no patient: a drawing"
    dataset.StudyInstanceUID = uid("study", study.study_id)
    dataset.SeriesInstanceUID = uid("series", study.study_id)
    dataset.StudyID = str(study.study_id)
    dataset.SeriesNumber = 1


def _describe_picture(
    dataset: FileDataset, study: StudyPlan, picture: SampledPicture, phantom: Phantom
) -> None:
    dataset.InstanceNumber = 2 if picture.lateral else 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY"] if study.inverted else ["ORIGINAL", "PRIMARY", ""]
    dataset.BodyPartExamined = "CHEST"
    dataset.ViewPosition = picture.view
    dataset.PatientOrientation = ["P", "F"] if picture.lateral else ["L", "F"]
    dataset.PerformedProcedureStepDescription = procedure(study, phantom)
    dataset.BurnedInAnnotation = "YES" if phantom.exposure.marker else "NO"
    if picture.view:
        dataset.ViewCodeSequence = Sequence([_code(*view_code(picture, phantom))])
    if not study.inverted:
        dataset.PresentationIntentType = "FOR PRESENTATION"
        dataset.ImageLaterality = "U"
        dataset.AcquisitionDeviceProcessingDescription = ""
        dataset.PixelIntensityRelationship = "LOG"
        dataset.PixelIntensityRelationshipSign = -1


def _describe_pixels(
    dataset: FileDataset, study: StudyPlan, values: NDArray[np.uint16], phantom: Phantom
) -> None:
    height, width = values.shape
    low, high = (float(value) for value in np.percentile(values, (1, 99)))
    spacing = round(MM_PER_UNIT * phantom.exposure.zoom / min(height, width), 6)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME1" if study.inverted else "MONOCHROME2"
    dataset.Rows, dataset.Columns = height, width
    dataset.ImagerPixelSpacing = [spacing, spacing]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, _BITS, _BITS - 1
    dataset.PixelRepresentation = 0
    dataset.WindowCenter = round((low + high) / 2)
    dataset.WindowWidth = max(2, round(high - low))
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "US"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "INVERSE" if study.inverted else "IDENTITY"
    dataset.PixelData = values.astype("<u2").tobytes()


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SRT", meaning
    return item


def view_code(picture: SampledPicture, phantom: Phantom) -> tuple[str, str]:
    """Return code and meaning of a view (PS3.16 CID 4010)."""
    if picture.lateral:
        return "R-10236", "left lateral"
    return ("R-10214", "postero-anterior") if phantom.view == "PA" else ("R-10206", "antero-posterior")


def procedure(study: StudyPlan, phantom: Phantom) -> str:
    """Return the name of the procedure, as MIMIC-CXR's tables word it."""
    if len(study.pictures) > 1:
        return "CHEST (PA AND LAT)"
    return "CHEST (PORTABLE AP)" if phantom.view == "AP" else "CHEST (SINGLE VIEW)"
