"""A study as the data set gives it, and what is left out by name. Knows no sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FRONTAL_VIEWS = ("PA", "AP")
"""The views of which one picture stands for a study, the preferred one first."""


@dataclass(frozen=True, slots=True)
class Image:
    """One picture of a study.

    Attributes:
        image_id: `dicom_id` in MIMIC-CXR, unique in the data set.
        path: Path below the data set's root (or absolute), POSIX separators.
        view: "AP", "PA", "LATERAL", "LL" or "" where unknown.
    """

    image_id: str
    path: str
    view: str = ""


@dataclass(frozen=True, slots=True)
class PictureRules:
    """What a run may choose of how a picture file becomes grey.

    Attributes:
        dicom_mode: How DICOM becomes grey: "mimic-jpg", "voi" or "minmax".
        corrupt_jpeg: What becomes of a JPEG that libjpeg calls corrupt and decodes whole: "refuse" or "keep".
    """

    dicom_mode: str = "mimic-jpg"
    corrupt_jpeg: str = "refuse"


@dataclass(frozen=True, slots=True)
class Study:
    """One imaging study with its report, as the data set gives it.

    Attributes:
        split: "train", "validate" or "test", the literal values of MIMIC-CXR.
        report: The original report text, untouched; "" where it is empty.
        labels: Labels that came with the data set, by CheXpert observation name: 1.0, 0.0, -1.0.
        prompted: Whether the report was made from labels, for want of one.
        attributes: What a table says of it besides, (column, value): sex, age group, site.
    """

    study_id: str
    subject_id: str
    split: str
    images: tuple[Image, ...]
    report: str = field(repr=False)
    labels: Mapping[str, float] = field(default_factory=dict)
    prompted: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """A study or pair left out, by name.

    Attributes:
        unit: "study", "image" or "pair".
        identifier: Its id.
        reason: A name that is counted ("report-empty"), never free text.
    """

    unit: str
    identifier: str
    reason: str
