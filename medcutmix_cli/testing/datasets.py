"""What every data set keeps: each study once, in one order, every drop by name, every picture a file."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from medcutmix_cli.configuration.settings import SPLITS
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.images.picture_parts import file_of
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect, expect_name


def _studies(dataset: Dataset) -> list[Study]:
    return [study for study in dataset.studies() if isinstance(study, Study)]


def says_what_it_is(dataset: Dataset) -> None:
    """It has the methods of a data set, a kind and a line on what it looks for."""
    expect(isinstance(dataset, Dataset), "a method or attribute of datasets.base.Dataset is missing")
    expect_name(dataset.kind)
    expect(dataset.looks_for and "\n" not in dataset.looks_for, "looks_for: one line")
    expect(isinstance(dataset.synthetic, bool), "synthetic: True or False")


def recognises_itself_and_no_empty_folder(dataset: Dataset) -> None:
    """It is recognised where it lies, by fixed names; an empty folder is nothing."""
    expect(type(dataset).recognises(dataset.root), "it does not recognise its own root")
    with TemporaryDirectory() as folder:
        expect(not type(dataset).recognises(Path(folder)), "it recognises an empty folder")


def yields_every_study_once_in_order(dataset: Dataset) -> None:
    """Studies come by (subject_id, study_id), the same each time; ids are not blank."""
    first, again = list(dataset.studies()), list(dataset.studies())
    expect(first == again, "a second look gave other studies")
    ids = [(study.subject_id, study.study_id) for study in first if isinstance(study, Study)]
    expect(ids, "there is no study")
    expect(ids == sorted(set(ids)), "studies come once, by (subject_id, study_id)")
    expect(all(subject.strip() and study.strip() for subject, study in ids), "an id is blank")


def drops_by_name(dataset: Dataset) -> None:
    """What is left out says what it is, which one, and why, in a name that is counted."""
    for drop in dataset.studies():
        if isinstance(drop, Drop):
            expect(drop.unit in ("study", "image") and drop.identifier, "unit: study or image, with its id")
            expect_name(drop.reason)


def says_splits_and_labels_in_the_fields_words(dataset: Dataset) -> None:
    """Splits are those of MIMIC-CXR, labels those of CheXpert."""
    for study in _studies(dataset):
        expect(study.split in SPLITS, f"split {study.split!r}: one of {', '.join(SPLITS)}")
        expect(set(study.labels) <= set(CHEXPERT), "labels are named as in CheXpert")
        expect(set(study.labels.values()) <= {1.0, 0.0, -1.0}, "labels are 1, 0 or -1")


def keeps_patients_within_a_split(dataset: Dataset) -> None:
    """A patient is of one split only."""
    splits: dict[str, set[str]] = {}
    for study in _studies(dataset):
        splits.setdefault(study.subject_id, set()).add(study.split)
    expect(all(len(found) == 1 for found in splits.values()), "a patient is of two splits")


def finds_every_picture(dataset: Dataset) -> None:
    """Paths of pictures are relative and lead to files; their ids are unique."""
    images = [image for study in _studies(dataset) for image in study.images]
    expect(images, "there is no picture")
    expect(not any(Path(image.path).is_absolute() for image in images), "a picture's path is absolute")
    expect(all(file_of(dataset.resolve(image.path)).is_file() for image in images), "a picture is no file")
    expect(len({image.image_id for image in images}) == len(images), "two pictures share an id")


def tells_its_provenance_without_its_place(dataset: Dataset) -> None:
    """What was read is told in texts and numbers, the same each time; where it lies is not part of it."""
    told = dataset.provenance()
    expect(told == dataset.provenance(), "a second look told other sources")
    expect(told and all(isinstance(value, str | int) for value in told.values()), "texts and numbers")
    expect(not any(str(dataset.root) in str(value) for value in told.values()), "the place is told")


CHECKS: tuple[Check, ...] = (
    says_what_it_is,
    recognises_itself_and_no_empty_folder,
    yields_every_study_once_in_order,
    drops_by_name,
    says_splits_and_labels_in_the_fields_words,
    keeps_patients_within_a_split,
    finds_every_picture,
    tells_its_provenance_without_its_place,
)
