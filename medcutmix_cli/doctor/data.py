"""The data set: is it one, is it whole, and can its pictures be decoded?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from medcutmix_cli.assembly.parts import open_source
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.datasets.base import Dataset, ListedDataset
from medcutmix_cli.datasets.published_counts import ALL, PublishedCounts, published_counts
from medcutmix_cli.doctor.records import Diagnosis, Surroundings
from medcutmix_cli.errors import DatasetError, ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.images.bounds import START, is_dicom
from medcutmix_cli.images.picture_parts import open_picture
from medcutmix_cli.records import Study
from medcutmix_cli.run.hints import hint_for
from medcutmix_cli.system.extras import pip_line

MOST_PICTURES = 256
"""Pictures whose kind is looked at, of the first studies."""

SYNTAXES = (JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless)
"""Compressed transfer syntaxes that radiographs come in."""

_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_FETCH = "a part is fine where you meant one; else fetch what is missing (wget -c goes on where it stopped)"


def check_dataset_root(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Open the data set and say what it is."""
    root = surroundings.settings.dataset.root
    if not root:
        return
    source = open_source(surroundings.settings)
    first = next((found for found in source.studies() if isinstance(found, Study)), None)
    if first is None:
        yield Diagnosis("fail", f"{source.kind}: it has no study", f"medcutmix check {root}")
    else:
        yield Diagnosis("pass", f"{source.kind} at {root}")


def check_counts(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Count pictures, studies and patients of the tables, and compare with what was published."""
    source = surroundings.source
    known = published_counts(source.kind) if source else None
    if not known or not isinstance(source, ListedDataset):
        return
    found = count_listed(source)
    if source.synthetic:
        studies, images = found[ALL].studies, found[ALL].images
        what = f"synthetic (drawn phantoms): {studies:,} studies, {images:,} images; nothing published to compare with"
        yield Diagnosis("pass", what)
        return
    other = [line for split, wanted in known.items() for line in differences(found[split], wanted, split)]
    if other:
        yield Diagnosis("warn", "; ".join(other), _FETCH)
    else:
        yield Diagnosis(
            "pass", f"all {known[ALL].images:,} published pictures are in the tables, split by split"
        )


def count_listed(source: ListedDataset) -> dict[str, PublishedCounts]:
    """Return what the tables name, by split and of all."""
    images: Counter[str] = Counter()
    studies: dict[str, set[str]] = {}
    patients: dict[str, set[str]] = {}
    for subject, study, split in source.listed_pictures():
        for part in (ALL, split):
            images[part] += 1
            studies.setdefault(part, set()).add(study)
            patients.setdefault(part, set()).add(subject)
    made = {part: PublishedCounts(images[part], len(studies[part]), len(patients[part])) for part in images}
    return {**dict.fromkeys((ALL, "train", "validate", "test"), PublishedCounts()), **made}


def differences(found: PublishedCounts, wanted: PublishedCounts, split: str) -> Iterator[str]:
    """Yield in words what is not as it was published; a number that was not published is not compared."""
    for noun in ("images", "studies", "patients"):
        here, there = getattr(found, noun), getattr(wanted, noun)
        if there and here != there:
            yield f"{'' if split == ALL else split + ': '}{here:,} of {there:,} {noun}"


def check_decoders(_surroundings: Surroundings) -> Iterator[Diagnosis]:
    """See which compressed transfer syntaxes an installed decoder takes."""
    lacking = [syntax.name for syntax in SYNTAXES if not get_decoder(syntax).is_available]
    if lacking:
        fix = f"{pip_line('gdcm')}, if such files are met"
        yield Diagnosis("warn", f"no decoder for {', '.join(lacking)}", fix)
    else:
        yield Diagnosis("pass", f"{len(SYNTAXES)} compressed transfer syntaxes can be decoded")


def check_pictures(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Decode one picture of each format and transfer syntax that is met."""
    source, settings = surroundings.source, surroundings.settings
    if source is None:
        return
    kinds, missing = _kinds(source)
    reasons = {kind: _undecodable(path, settings) for kind, path in kinds.items()}
    good = [kind for kind, reason in reasons.items() if not reason]
    for kind, reason in ((kind, reason) for kind, reason in reasons.items() if reason):
        yield Diagnosis("fail", f"{kind} cannot be decoded: {reason}", hint_for(reason))
    if missing:
        what = f"{missing} of the first {MOST_PICTURES} pictures are not there"
        yield Diagnosis("warn" if kinds else "fail", what, "are the pictures fetched and unpacked?")
    if good:
        yield Diagnosis("pass", f"decoded one each of: {', '.join(good)}")


def _kinds(source: Dataset) -> tuple[dict[str, Path], int]:
    """Return the first picture of each kind among those of the first studies, and how many are not there."""
    kinds: dict[str, Path] = {}
    missing = 0
    studies = (found for found in source.studies() if isinstance(found, Study))
    for image in islice((image for study in studies for image in study.images), MOST_PICTURES):
        try:
            path = source.resolve(image.path)
            kinds.setdefault(kind_of_picture(path), path)
        except (OSError, DatasetError):
            missing += 1
    return kinds, missing


def kind_of_picture(path: Path) -> str:
    """Return "PNG", "JPEG" or "DICOM, JPEG 2000 ...", by the file's first bytes.

    Raises:
        OSError: It is not there, or cannot be read.
    """
    with open_picture(path) as file:
        start = file.read(START)
        if not is_dicom(start):
            return "PNG" if start[:4] == b"\x89PNG" else "JPEG" if start[:2] == b"\xff\xd8" else "other files"
        file.seek(0)
        try:
            header = dcmread(file, stop_before_pixels=True)
        except (InvalidDicomError, ValueError, AttributeError):
            return "DICOM, damaged"
    return f"DICOM, {UID(getattr(header.file_meta, 'TransferSyntaxUID', '')).name or 'no transfer syntax'}"


def _undecodable(path: Path, settings: Settings) -> str:
    try:
        read_canvas(path, settings.image.canvas, settings.image.reading)
    except ImageError as error:
        return error.reason
    return ""
