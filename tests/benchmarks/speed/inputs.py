"""Data sets of full-size pictures, made by code: phantoms with an effusion, and normal ones for the evidence gate.

Few pictures are painted, once for a `--work` folder. The files of a data set are hard links to them, each under a name
of its own: every one is decoded and encoded anew, only the disk is spared.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from medcutmix_cli.datasets.phantoms import draw_phantom, paint, write_report
from medcutmix_cli.datasets.phantoms.records import PaintedPhantom, Phantom

HEIGHT = 3056
NORMAL_EVERY = 3
"""One picture of so many is normal: the gate wants pictures without the finding."""

TRUTH = "truth.json"
FINDING = "pleural_effusion"


@dataclass(frozen=True, slots=True)
class PictureSet:
    """What is painted.

    Attributes:
        suffix: ".jpg" (quality 95, as MIMIC-CXR-JPG) or ".dcm" (12 bits in 16, uncompressed).
        unique: How many.
        height: Rows; columns are a 1.2th of them.
        normal_every: One of so many shows no finding; 0: all show an effusion.
    """

    suffix: str
    unique: int
    height: int = HEIGHT
    normal_every: int = 0

    @property
    def width(self) -> int:
        """Columns of each picture: 2,544 at full size."""
        return 8 * round(self.height / 9.61)

    def phantom(self, number: int) -> Phantom:
        """Draw the phantom of one picture; they come again after `unique`."""
        seed = number % self.unique
        normal = self.normal_every and seed % self.normal_every == self.normal_every - 1
        return draw_phantom(seed, [] if normal else [FINDING])


def make_data_set(folder: Path, studies: int, pictures: PictureSet, cache: Path | None = None) -> Path:
    """Write a manifest of studies with one picture each, and say in `TRUTH` where each finding is.

    Args:
        folder: Of the data set; one that is there is whole and stays.
        studies: How many.
        pictures: What they show.
        cache: Folder for painted pictures, on the same disk; by default in the data set.
    """
    if (folder / "manifest.jsonl").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    painted = _painted(cache or folder / "painted", pictures)
    rows, truth = [], {}
    for number in range(studies):
        name = f"{number:05d}{pictures.suffix}"
        (folder / name).unlink(missing_ok=True)
        os.link(painted[number % pictures.unique][0], folder / name)
        truth[name] = painted[number % pictures.unique][1]
        rows.append(_row(name, number, write_report(pictures.phantom(number)).text))
    (folder / TRUTH).write_text(json.dumps(truth), encoding="utf-8")
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def _row(name: str, number: int, report: str) -> dict[str, str]:
    ids = {"subject": f"p{number}", "study": f"s{number}"}
    return {"image": name, "report": report, **ids, "split": "train", "view": "PA"}


def _painted(cache: Path, pictures: PictureSet) -> list[tuple[Path, list[float] | None]]:
    """Paint what is not there yet; return each file with (x, y) of its finding on the canvas, 0 to 1, or None."""
    home = cache / f"{pictures.height}-{pictures.normal_every}"
    home.mkdir(parents=True, exist_ok=True)
    return [
        _picture(home / f"{number:05d}{pictures.suffix}", number, pictures)
        for number in range(pictures.unique)
    ]


def _picture(path: Path, number: int, pictures: PictureSet) -> tuple[Path, list[float] | None]:
    place = path.with_suffix(path.suffix + ".json")
    if not place.is_file():
        painted = paint(pictures.phantom(number), max(64, pictures.height // 4))
        write = write_jpg if pictures.suffix == ".jpg" else write_dicom
        write(path, full_size(painted, number, pictures))
        place.write_text(json.dumps(_centre(painted)), encoding="utf-8")
    return path, json.loads(place.read_text(encoding="utf-8"))


def _centre(painted: PaintedPhantom) -> list[float] | None:
    """Return the middle of the lesions on a square canvas with bars left and right; None where there is none."""
    if not painted.masks:
        return None
    shown = np.argwhere(np.any([mask > 0 for mask in painted.masks.values()], axis=0))
    height, width = painted.image.shape
    down, right = shown.mean(axis=0)
    return [float(0.5 + (right - width / 2) / height), float(down / height)]


def full_size(painted: PaintedPhantom, seed: int, pictures: PictureSet) -> npt.NDArray[np.uint16]:
    """Enlarge a painted phantom to (height, width) uint16, 12 bits, with noise of its own."""
    size = (pictures.width, pictures.height)
    picture = cv2.resize(painted.image, size, interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).normal(0, 0.012, picture.shape)
    return np.clip((picture + noise) * 4095, 0, 4095).astype(np.uint16)


def write_jpg(path: Path, picture: npt.NDArray[np.uint16]) -> None:
    """Write 8 bits at quality 95, as MIMIC-CXR-JPG does."""
    cv2.imwrite(str(path), (picture >> 4).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 95])


def write_dicom(path: Path, picture: npt.NDArray[np.uint16]) -> None:
    """Write 12 bits in 16, uncompressed, MONOCHROME2."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    meta.MediaStorageSOPInstanceUID = f"2.25.{int(path.stem) + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dicom = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dicom.SOPClassUID, dicom.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dicom.Rows, dicom.Columns = picture.shape
    dicom.SamplesPerPixel, dicom.PhotometricInterpretation, dicom.PixelRepresentation = 1, "MONOCHROME2", 0
    dicom.BitsAllocated, dicom.BitsStored, dicom.HighBit = 16, 12, 11
    dicom.WindowCenter, dicom.WindowWidth = 2048, 4096
    dicom.PixelData = picture.tobytes()
    pydicom.dcmwrite(path, dicom, enforce_file_format=True)
