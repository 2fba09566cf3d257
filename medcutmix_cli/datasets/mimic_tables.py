"""Join the tables of MIMIC-CXR and MIMIC-CXR-JPG into rows of images. Reads no report and no picture."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.datasets.grouping import ImageRow
from medcutmix_cli.datasets.ids import whole_id
from medcutmix_cli.datasets.tables import read_columns
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.findings import CHEXPERT

LABEL_VALUES = (1.0, 0.0, -1.0)


@dataclass(frozen=True, slots=True)
class TablePaths:
    """The tables that are joined; None where one is not there or not wanted."""

    metadata: Path
    split: Path
    labels: Path | None
    records: Path | None
    studies: Path | None

    def present(self) -> list[Path]:
        """Return those that are read."""
        return [path for path in (self.metadata, self.split, self.labels, self.records, self.studies) if path]


@dataclass(frozen=True, slots=True)
class Tables:
    """What the tables say.

    Attributes:
        rows: One per image.
        others: Every (study, subject) that labels and study list name.
        labels: Values in `CHEXPERT` order by study, NaN where blank; None where two rows differ.
    """

    rows: list[ImageRow]
    others: set[tuple[str, str]]
    labels: Mapping[str, tuple[float, ...] | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Join:
    """Rows by image id while the tables come in, and the ids that are in trouble."""

    rows: dict[str, ImageRow] = field(default_factory=dict)
    extra: list[ImageRow] = field(default_factory=list)
    others: set[tuple[str, str]] = field(default_factory=set)


def standard_path(subject_id: str, study_id: str, image_id: str, suffix: str) -> str:
    """Return `files/p10/p10000032/s50414267/<dicom_id>.jpg`, the layout of both projects."""
    return f"files/p{subject_id[:2]}/p{subject_id}/s{study_id}/{image_id}{suffix}"


def sample_ids(metadata: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (subject, study, image) of the first 64 images and each 1,024th after: enough to find files by."""
    for number, row in enumerate(read_columns(metadata, ("subject_id", "study_id", "dicom_id"))):
        if number < 64 or number % 1024 == 0:
            yield whole_id(row[0]), whole_id(row[1]), row[2]


def join_tables(paths: TablePaths, suffix: str) -> Tables:
    """Read and join all tables; whatever contradicts itself becomes a named problem of its image or study.

    Args:
        paths: The tables; `records` gives the paths of DICOM files.
        suffix: ".jpg" or ".dcm".

    Raises:
        DatasetError: A table is malformed.
    """
    join = _Join()
    _add_metadata(join, paths.metadata, suffix)
    _add_splits(join, paths.split)
    if paths.records:
        _add_paths(join, paths.records)
    if paths.studies:
        for subject, study in _ids(paths.studies, "subject_id", "study_id"):
            join.others.add((study, subject))
    labels = _read_labels(join, paths.labels) if paths.labels else {}
    return Tables([*join.rows.values(), *join.extra], join.others, labels)


def _ids(path: Path, *columns: str, optional: int = 0) -> Iterator[tuple[str, ...]]:
    for number, row in enumerate(read_columns(path, columns), start=1):
        if not all(row[: len(row) - optional]):
            raise DatasetError(
                "a row has an empty id",
                where=f"{path.name}, row {number}",
                hint="download the table again: what was published has none",
            )
        # Most ids stand in several tables and rows: keep one copy of each.
        yield tuple(sys.intern(whole_id(word)) for word in row)


def _add_metadata(join: _Join, path: Path, suffix: str) -> None:
    columns = ("subject_id", "study_id", "dicom_id", "ViewPosition")
    for subject, study, image, view in _ids(path, *columns, optional=1):
        place = standard_path(subject, study, image, suffix)
        row = ImageRow(image, subject, study, place, sys.intern(view.upper()), "")
        first = join.rows.setdefault(image, row)
        if first is not row:
            _clash(join, first, row)


def _clash(join: _Join, first: ImageRow, row: ImageRow) -> None:
    """Keep the first of two equal rows; of two different ones keep none, and let both studies hear of it."""
    same = replace(first, problem="", split="") == row
    join.rows[first.image_id] = first if same else replace(first, problem="duplicate-id")
    join.extra.append(replace(row, problem="duplicate-row" if same else "duplicate-id"))


def _add_splits(join: _Join, path: Path) -> None:
    for subject, study, image, split in _ids(path, "subject_id", "study_id", "dicom_id", "split", optional=1):
        row = join.rows.get(image)
        if row is None:
            place = ImageRow(image, subject, study, "", "", split, problem="image-missing-in-tables")
            join.extra.append(place)
        elif (row.subject_id, row.study_id) != (subject, study) or row.split not in ("", split):
            join.rows[image] = replace(row, problem=row.problem or "tables-contradict")
        else:
            join.rows[image] = replace(row, split=split)


def _add_paths(join: _Join, path: Path) -> None:
    listed = {row[0]: row[1] for row in _ids(path, "dicom_id", "path")}
    for image, row in join.rows.items():
        if image in listed:
            join.rows[image] = replace(row, path=listed[image])
        else:
            join.rows[image] = replace(row, problem=row.problem or "image-missing-in-tables")


def _read_labels(join: _Join, path: Path) -> dict[str, tuple[float, ...] | None]:
    labels: dict[str, tuple[float, ...] | None] = {}
    patterns: dict[tuple[str, ...], tuple[float, ...]] = {}
    for subject, study, *words in _ids(path, "subject_id", "study_id", *CHEXPERT, optional=len(CHEXPERT)):
        join.others.add((study, subject))
        pattern = tuple(words)  # a few thousand patterns serve all studies
        if pattern not in patterns:
            patterns[pattern] = tuple(
                math.nan if is_blank(word) else label_value(word, path.name) for word in words
            )
        values = patterns[pattern]
        labels[study] = values if labels.setdefault(study, values) == values else None
    return labels


def label_value(value: str, where: str) -> float:
    """Return 1.0, 0.0 or -1.0.

    Raises:
        DatasetError: It is anything else.
    """
    try:
        number = float(value)
    except ValueError:
        number = 2.0
    if number not in LABEL_VALUES:
        raise DatasetError(
            "a label is none of 1, 0, -1 or blank", where=where, hint="is it the right column?"
        )
    return number
