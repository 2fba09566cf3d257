"""One study of a sample as files: picture, report, boxes, and the rows of the tables that list them all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from medcutmix_cli.datasets.phantoms import draw_phantom, paint, write_report
from medcutmix_cli.datasets.phantoms.canvas import Layer
from medcutmix_cli.datasets.phantoms.correlations import Correlations
from medcutmix_cli.datasets.phantoms.records import Phantom
from medcutmix_cli.datasets.phantoms.sampling import tables
from medcutmix_cli.datasets.phantoms.sampling.boxes import BOXES_FILE, Box, box_of, write_boxes
from medcutmix_cli.datasets.phantoms.sampling.lateral import paint_lateral
from medcutmix_cli.datasets.phantoms.sampling.pictures import dicom_bytes, jpg_bytes, procedure, view_code
from medcutmix_cli.datasets.phantoms.sampling.studies import SampledPicture, StudyPlan, with_pictures

SUFFIXES = {"jpg": ".jpg", "dicom": ".dcm"}
"""Format of the pictures -> how the names of their files end."""


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """The arguments that decide every byte of a sample.

    Attributes:
        correlations: The whole table; None for looks that know none.
    """

    studies: int
    image_format: str
    seed: int
    height: int
    prose: int
    look: int = 1
    correlations: Correlations | None = None

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read them as `plain` wrote them."""
        table = plain.get("correlations")
        read = None if table is None else Correlations.from_plain(table)
        return cls(**{**plain, "correlations": read})

    def plain(self) -> dict[str, Any]:
        """Return them as the marker file has them."""
        said: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return said

    def summary_fields(self) -> dict[str, Any]:
        """Return what a summary tells of them."""
        return {name: value for name, value in asdict(self).items() if name != "correlations"}


@dataclass(frozen=True, slots=True)
class WrittenStudy:
    """One study whose picture files are on the disk, and its rows for the tables."""

    plan: StudyPlan
    report: str
    labels: tuple[str, ...]
    metadata: tuple[tuple[str, ...], ...]
    boxes: tuple[Box, ...]
    findings: tuple[str, ...]


def draw_study(plan: StudyPlan, settings: SampleSettings) -> Phantom:
    """Draw the phantom of a study: the same for whoever knows how a sample was made."""
    return draw_phantom(
        plan.phantom_seed, body_seed=plan.body_seed, look=settings.look, correlations=settings.correlations
    )


def write_study(root: Path, plan: StudyPlan, settings: SampleSettings) -> WrittenStudy:
    """Draw a study, write its pictures below `root`, and return what the tables are to say of it."""
    table, phantom = settings.correlations, draw_study(plan, settings)
    plan = with_pictures(plan, phantom.view, settings.seed)
    shares = dict(table.prose) if table else {}
    report = write_report(phantom, lateral=len(plan.pictures) > 1, prose=settings.prose, shares=shares)
    folder = root / plan.folder
    folder.mkdir(parents=True)
    metadata, boxes = [], []
    for picture in plan.pictures:
        image, found = _paint(phantom, plan, picture, settings.height)
        (folder / f"{picture.dicom_id}{SUFFIXES[settings.image_format]}").write_bytes(
            jpg_bytes(image) if settings.image_format == "jpg" else dicom_bytes(image, plan, picture, phantom)
        )
        metadata.append(_metadata_row(phantom, plan, picture, image))
        boxes += found
    shown = tuple(sorted({box.finding for box in boxes}))
    labels = tuple(tables.chexpert_row(report.truth))
    return WrittenStudy(plan, report.text, labels, tuple(metadata), tuple(boxes), shown)


def _paint(
    phantom: Phantom, plan: StudyPlan, picture: SampledPicture, height: int
) -> tuple[Layer, list[Box]]:
    if picture.lateral:
        return paint_lateral(phantom, height), []
    painted = paint(phantom, height)
    lesions = ((phantom.lesions[index], mask) for index, mask in painted.masks.items())
    return painted.image, [
        box_of(mask, picture.dicom_id, str(plan.study_id), lesion.finding, lesion.side)
        for lesion, mask in lesions
    ]


def _metadata_row(
    phantom: Phantom, plan: StudyPlan, picture: SampledPicture, image: Layer
) -> tuple[str, ...]:
    name = procedure(plan, phantom)
    rows, columns = image.shape
    meaning = view_code(picture, phantom)[1] if picture.view else ""
    return (
        picture.dicom_id,
        str(plan.subject_id),
        str(plan.study_id),
        name,
        picture.view,
        str(rows),
        str(columns),
        plan.date,
        plan.time,
        name,
        meaning,
        "Recumbent" if phantom.exposure.portable else "Erect",
    )


def write_tables(root: Path, written: Sequence[WrittenStudy], settings: SampleSettings) -> None:
    """Write reports, boxes and every table; the order in which studies were written decides nothing."""
    written = sorted(written, key=lambda one: (one.plan.subject_id, one.plan.study_id))
    plans = [one.plan for one in written]
    pictures = [(plan, picture) for plan in plans for picture in plan.pictures]
    prefix = "mimic-cxr-2.0.0"
    splits = [(picture.dicom_id, plan.study_id, plan.subject_id, plan.split) for plan, picture in pictures]
    labels = [(one.plan.subject_id, one.plan.study_id, *one.labels) for one in written]
    records = [
        (plan.subject_id, plan.study_id, picture.dicom_id, f"{plan.folder}/{picture.dicom_id}.dcm")
        for plan, picture in pictures
    ]
    lists = [(plan.subject_id, plan.study_id, f"{plan.folder}.txt") for plan in plans]
    tables.write_table(
        root / f"{prefix}-metadata.csv.gz", tables.METADATA, [r for one in written for r in one.metadata]
    )
    tables.write_table(root / f"{prefix}-split.csv.gz", tables.SPLIT, splits)
    tables.write_table(root / f"{prefix}-chexpert.csv.gz", tables.LABELS, labels)
    tables.write_table(root / "cxr-record-list.csv.gz", tables.RECORDS, records)
    tables.write_table(root / "cxr-study-list.csv.gz", tables.STUDIES, lists)
    tables.write_reports(
        root / tables.REPORTS_FILE, {f"{one.plan.folder}.txt": one.report for one in written}
    )
    write_boxes(root / BOXES_FILE, [box for one in written for box in one.boxes])
    if settings.image_format == "jpg":
        names = "".join(f"{plan.folder}/{picture.dicom_id}.jpg\n" for plan, picture in pictures)
        (root / "IMAGE_FILENAMES").write_text(names, encoding="utf-8")
