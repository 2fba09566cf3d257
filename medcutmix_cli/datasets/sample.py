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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medcutmix_cli.datasets.base import SAMPLE_MARKER
from medcutmix_cli.datasets.phantoms.correlations import built_in, read_correlations
from medcutmix_cli.datasets.phantoms.draw import LOOKS
from medcutmix_cli.datasets.phantoms.prose import PROSES
from medcutmix_cli.datasets.phantoms.records import FINDINGS
from medcutmix_cli.datasets.phantoms.sampling.boxes import Box, read_boxes
from medcutmix_cli.datasets.phantoms.sampling.studies import draw_studies
from medcutmix_cli.datasets.phantoms.sampling.study_files import (
    SUFFIXES,
    SampleSettings,
    WrittenStudy,
    write_study,
    write_tables,
)
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.regular_files import read_regular
from medcutmix_cli.system.storage_errors import explain_storage_errors

__all__ = ["Box", "SampleSummary", "read_boxes", "write_sample"]

GENERATOR_VERSION = 2  # raised whenever the same arguments give other bytes
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
    settings = SampleSettings(
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
    unfinished: Path, directory: Path, settings: SampleSettings, summary: SampleSummary
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


def _checked(settings: SampleSettings) -> SampleSettings:
    if settings.image_format not in SUFFIXES:
        raise UsageError(f"unknown image format {settings.image_format!r}", hint=f"one of {sorted(SUFFIXES)}")
    if settings.look not in LOOKS:
        raise UsageError(f"unknown look {settings.look}", hint=f"one of {list(LOOKS)}")
    if settings.prose not in PROSES:
        raise UsageError(f"unknown prose {settings.prose}", hint=f"one of {list(PROSES)}")
    for name, least in (("studies", 1), ("seed", 0), ("height", _SMALLEST)):
        if getattr(settings, name) < least:
            raise UsageError(f"{name} must be at least {least}, not {getattr(settings, name)}")
    return settings


def _with_table(settings: SampleSettings, correlations: Path | str | None) -> SampleSettings:
    if settings.look == 1:
        if correlations:
            raise UsageError("findings of look 1 are independent of all else", hint="ask for look 2")
        return settings
    return replace(settings, correlations=read_correlations(correlations) if correlations else built_in())


def _existing(directory: Path, settings: SampleSettings) -> SampleSummary | None:
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
    settings: SampleSettings,
    workers: int | None,
    progress: Callable[[str, int, int], None] | None,
) -> SampleSummary:
    """Write every file below `root`; the marker is written last."""
    written: list[WrittenStudy] = []
    for study in _write_studies(root, settings, workers):
        written.append(study)
        if progress:
            progress("drawing", len(written), settings.studies)
    write_tables(root, written, settings)
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


def _write_studies(root: Path, settings: SampleSettings, workers: int | None) -> Iterator[WrittenStudy]:
    """Paint and write the studies in threads: the drawing libraries let go of the interpreter while they work."""
    plans = draw_studies(settings.studies, settings.seed)
    with single_threaded_opencv(), ThreadPoolExecutor(workers or usable_cpus()) as pool:
        yield from pool.map(lambda plan: write_study(root, plan, settings), plans)


def _count(written: list[WrittenStudy]) -> dict[str, Any]:
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
