"""Writes the sample data set: a MIMIC-CXR-shaped tree of procedural phantoms. No patient is in it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from medcutmix_cli.datasets.base import SAMPLE_MARKER
from medcutmix_cli.datasets.phantoms import draw_phantom, paint, write_report
from medcutmix_cli.datasets.phantoms.canvas import Layer
from medcutmix_cli.datasets.phantoms.correlations import Correlations, built_in, read_correlations
from medcutmix_cli.datasets.phantoms.draw import LOOKS
from medcutmix_cli.datasets.phantoms.prose import PROSES
from medcutmix_cli.datasets.phantoms.records import FINDINGS, Phantom
from medcutmix_cli.datasets.phantoms.sampling import tables
from medcutmix_cli.datasets.phantoms.sampling.boxes import BOXES_FILE, Box, box_of, read_boxes, write_boxes
from medcutmix_cli.datasets.phantoms.sampling.lateral import paint_lateral
from medcutmix_cli.datasets.phantoms.sampling.pictures import dicom_bytes, jpg_bytes, procedure, view_code
from medcutmix_cli.datasets.phantoms.sampling.studies import (
    SampledPicture,
    StudyPlan,
    draw_studies,
    with_pictures,
)
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.regular_files import read_regular
from medcutmix_cli.system.storage_errors import explain_storage_errors

__all__ = ["Box", "SampleSummary", "read_boxes", "write_sample"]

GENERATOR_VERSION = 2  # raised whenever the same arguments give other bytes
_SUFFIX = {"jpg": ".jpg", "dicom": ".dcm"}
_SMALLEST = 64
_PROSE = {1: 2, 2: 3}
"""Look -> the prose that its reports are told in where none is asked for."""


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What a sample data set holds.

    Attributes:
        findings: finding -> number of studies whose picture shows it.
        written: False where an identical sample was there already.
    """

    directory: Path
    studies: int
    image_format: str
    seed: int
    height: int
    prose: int
    look: int
    patients: int
    images: int
    laterals: int
    boxes: int
    splits: dict[str, int]
    findings: dict[str, int]
    normal: int
    written: bool


@dataclass(frozen=True, slots=True)
class _SampleSettings:
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

    def plain(self) -> dict[str, Any]:
        """Return them as the marker file has them."""
        said: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return said

    def summary_fields(self) -> dict[str, Any]:
        """Return what a summary tells of them."""
        return {name: value for name, value in asdict(self).items() if name != "correlations"}


@dataclass(frozen=True, slots=True)
class _Written:
    """One study whose picture files are on the disk, and its rows for the tables."""

    plan: StudyPlan
    report: str
    labels: tuple[str, ...]
    metadata: tuple[tuple[str, ...], ...]
    boxes: tuple[Box, ...]
    findings: tuple[str, ...]


def write_sample(
    directory: Path | str,
    studies: int = 200,
    image_format: str = "jpg",
    seed: int = 0,
    height: int = 640,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    prose: int | None = None,
    look: int = 1,
    correlations: Path | str | None = None,
) -> SampleSummary:
    """Write a sample data set; the folder is there whole or not at all.

    Args:
        directory: Folder to write; absent, empty, or the same sample already.
        studies: Number of studies.
        image_format: "jpg" (as MIMIC-CXR-JPG) or "dicom" (as MIMIC-CXR).
        seed: Another seed gives other patients. The same arguments give the same bytes.
        height: Rows of each picture.
        workers: Threads that paint; by default as many as CPUs are allowed.
        progress: Called with ("drawing", studies done, studies).
        prose: Of the reports: 1 even, as the phrasebook words them; 2 as uneven as dictated ones (the default of look
            1); 3 as varied, and denying devices and atelectasis too (that of look 2).
        look: 1 findings plain to see and independent of all else; 2 correlated, and many of them subtle.
        correlations: TOML file of what goes with what in look 2 (docs/phantoms.md); by default the built-in table.

    Raises:
        UsageError: An argument makes no sense.
        DatasetError: The folder holds something else.
        RunError: It cannot be written.
    """
    settings = _SampleSettings(
        studies, image_format, seed, height, _PROSE.get(look, 0) if prose is None else prose, look
    )
    settings = _with_table(_checked(settings), correlations)
    directory = Path(directory)
    if (there := _existing(directory, settings)) is not None:
        return there
    with explain_storage_errors(directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
        try:
            summary = _fill(unfinished, directory, settings, workers, progress)
            unfinished.chmod(0o755)
            return _put_in_place(unfinished, directory, settings, summary)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def _put_in_place(
    unfinished: Path, directory: Path, settings: _SampleSettings, summary: SampleSummary
) -> SampleSummary:
    """Rename a folder to what it is to be, unless another process has put the same there meanwhile."""
    try:
        unfinished.replace(directory)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        there = _existing(directory, settings)
        if there is None:
            raise
        return there
    return summary


def _checked(settings: _SampleSettings) -> _SampleSettings:
    if settings.image_format not in _SUFFIX:
        raise UsageError(f"unknown image format {settings.image_format!r}", hint=f"one of {sorted(_SUFFIX)}")
    if settings.look not in LOOKS:
        raise UsageError(f"unknown look {settings.look}", hint=f"one of {list(LOOKS)}")
    if settings.prose not in PROSES:
        raise UsageError(f"unknown prose {settings.prose}", hint=f"one of {list(PROSES)}")
    for name, least in (("studies", 1), ("seed", 0), ("height", _SMALLEST)):
        if getattr(settings, name) < least:
            raise UsageError(f"{name} must be at least {least}, not {getattr(settings, name)}")
    return settings


def _with_table(settings: _SampleSettings, correlations: Path | str | None) -> _SampleSettings:
    if settings.look == 1:
        if correlations:
            raise UsageError("findings of look 1 are independent of all else", hint="ask for look 2")
        return settings
    return replace(settings, correlations=read_correlations(correlations) if correlations else built_in())


def _existing(directory: Path, settings: _SampleSettings) -> SampleSummary | None:
    """Return the summary of an identical sample; None where there is room for a new one."""
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return None
    marker = read_marker(directory)
    same = marker.get("settings") == settings.plain() and marker.get("generator") == GENERATOR_VERSION
    if same and marker.get("files") == _count_files(directory):
        return SampleSummary(
            directory=directory, written=False, **settings.summary_fields(), **marker["counts"]
        )
    raise DatasetError(
        "the sample data set there is not whole" if same else "the folder for the sample data set is in use",
        where=str(directory),
        hint="give a folder that is new or empty, or the arguments the sample there was made with",
    )


def read_marker(directory: Path) -> dict[str, Any]:
    """Return what a sample says of how it was made; empty where the folder is none."""
    try:
        marker = json.loads(read_regular(directory / SAMPLE_MARKER, 1 << 16))
    except (OSError, ValueError):
        return {}
    return marker if isinstance(marker, dict) else {}


def _count_files(directory: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(directory))


def _fill(
    root: Path,
    directory: Path,
    settings: _SampleSettings,
    workers: int | None,
    progress: Callable[[str, int, int], None] | None,
) -> SampleSummary:
    """Write every file below `root`; the marker is written last."""
    written: list[_Written] = []
    for study in _write_studies(root, settings, workers):
        written.append(study)
        if progress:
            progress("drawing", len(written), settings.studies)
    _write_tables(root, written, settings)
    counts = _count(written)
    marker = {
        "what": "procedural phantoms, no patient",
        "generator": GENERATOR_VERSION,
        "settings": settings.plain(),
        "counts": counts,
        "files": _count_files(root) + 1,
    }
    (root / SAMPLE_MARKER).write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")
    return SampleSummary(directory=directory, written=True, **settings.summary_fields(), **counts)


def _write_studies(root: Path, settings: _SampleSettings, workers: int | None) -> Iterator[_Written]:
    """Paint and write the studies in threads: the drawing libraries let go of the interpreter while they work."""
    plans = draw_studies(settings.studies, settings.seed)
    with single_threaded_opencv(), ThreadPoolExecutor(workers or usable_cpus()) as pool:
        yield from pool.map(lambda plan: _write_study(root, plan, settings), plans)


def _write_study(root: Path, plan: StudyPlan, settings: _SampleSettings) -> _Written:
    table = settings.correlations
    phantom = draw_phantom(
        plan.phantom_seed, body_seed=plan.body_seed, look=settings.look, correlations=table
    )
    plan = with_pictures(plan, phantom.view, settings.seed)
    shares = dict(table.prose) if table else {}
    report = write_report(phantom, lateral=len(plan.pictures) > 1, prose=settings.prose, shares=shares)
    folder = root / plan.folder
    folder.mkdir(parents=True)
    metadata, boxes = [], []
    for picture in plan.pictures:
        image, found = _paint(phantom, plan, picture, settings.height)
        (folder / f"{picture.dicom_id}{_SUFFIX[settings.image_format]}").write_bytes(
            jpg_bytes(image) if settings.image_format == "jpg" else dicom_bytes(image, plan, picture, phantom)
        )
        metadata.append(_metadata_row(phantom, plan, picture, image))
        boxes += found
    shown = tuple(sorted({box.finding for box in boxes}))
    labels = tuple(tables.chexpert_row(report.truth))
    return _Written(plan, report.text, labels, tuple(metadata), tuple(boxes), shown)


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


def _write_tables(root: Path, written: list[_Written], settings: _SampleSettings) -> None:
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


def _count(written: list[_Written]) -> dict[str, Any]:
    findings = Counter(finding for one in written for finding in one.findings)
    splits = Counter(one.plan.split for one in written)
    images = [picture for one in written for picture in one.plan.pictures]
    return {
        "patients": len({one.plan.subject_id for one in written}),
        "images": len(images),
        "laterals": sum(picture.lateral for picture in images),
        "boxes": sum(len(one.boxes) for one in written),
        "splits": {name: splits[name] for name in ("train", "validate", "test")},
        "findings": {finding: findings[finding] for finding in FINDINGS},
        "normal": sum(not one.findings for one in written),
    }
