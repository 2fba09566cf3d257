"""VinDr-CXR (Nguyen 2022, doi 10.1038/s41597-022-01498-w): PA pictures of two hospitals of Hanoi.

Each training picture was read by three radiologists, each test picture by the consensus of five.
Reads tables, never a pixel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets.labelled_pictures import (
    COLUMNS,
    LabelledPictures,
    SpokenLabels,
    labelled_row,
    say_labels,
)
from medcutmix_cli.datasets.released_table import ReleasedRows, Remark, find_file, list_pictures
from medcutmix_cli.datasets.row_source import PROBLEM, Row
from medcutmix_cli.datasets.tables import open_rows, require_columns
from medcutmix_cli.errors import DatasetError, UsageError

TABLES = {"train": "image_labels_train.csv", "test": "image_labels_test.csv"}
FOLDERS = ("annotations", "")
NORMAL = "No finding"

_READER, _IMAGE = "rad_id", "image_id"


@dataclass(frozen=True, slots=True)
class VindrCxr(LabelledPictures):
    """The folder with `annotations/image_labels_{train,test}.csv` and `train/`, `test/` with the pictures.

    Attributes:
        readers: How many of a picture's readers must have said a label; where the picture has fewer readers, all.
    """

    readers: int = 2

    kind: ClassVar[str] = "vindr-cxr"
    looks_for: ClassVar[str] = "annotations/image_labels_train.csv or image_labels_test.csv of VinDr-CXR"
    published: ClassVar[Mapping[str, str]] = {
        "image": _IMAGE,
        "report": "made of the labels",
        "subject": f"not published: {_IMAGE}",
        "study": _IMAGE,
        "image_id": _IMAGE,
        "split": "name of the table",
        "view": "PA, as published",
        "labels": "columns of labels",
    }

    def __post_init__(self) -> None:
        LabelledPictures.__post_init__(self)
        if self.readers < 1:
            raise UsageError(f"readers must be 1 or more, not {self.readers}")

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` holds a table of image labels with VinDr-CXR's columns."""
        return root.is_dir() and any(_is_of_chests(path) for path in _tables(root).values())

    def sources(self) -> Sequence[ReleasedRows]:
        """Return the tables as one."""
        return [ReleasedRows(self.kind, COLUMNS, self._rows)]

    def tables(self) -> Sequence[Path]:
        """Return the tables that are there."""
        found = _tables(self.root)
        if not found:
            raise DatasetError("no table is there", where=str(self.root), hint=f"looked for {self.looks_for}")
        return list(found.values())

    def remarks(self) -> Iterator[Remark]:
        """Say what the publication leaves open."""
        what = "it does not say which pictures are of one patient: each counts as a patient of its own"
        yield Remark(what, "nothing can be typed; two pictures of one patient may meet in a pair")
        yield from LabelledPictures.remarks(self)

    def _rows(self) -> Iterator[Row]:
        pictures = list_pictures(self.root)
        for split, table in _tables(self.root).items():
            for image, readings in _read_labels(table).items():
                row = {
                    "image": pictures.get(image, ""),
                    "report": "",
                    "subject": f"vindr-{image}",
                    "study": f"vindr-{image}",
                    "image_id": image,
                    "split": split,
                    "view": "PA",
                    PROBLEM: "" if image in pictures else "image-missing",
                }
                yield labelled_row(row, agree_labels(readings, self.readers))


def agree_labels(readings: Sequence[frozenset[str]], readers: int) -> SpokenLabels:
    """Return what can be said of a picture, of the labels that enough of its readers gave.

    A picture that they call normal is left out where one of them saw anything.
    """
    votes = Counter(label for reading in readings for label in reading)
    enough = [label for label, times in votes.items() if times >= min(readers, len(readings))]
    if NORMAL in enough and len(votes) > 1:
        return SpokenLabels(problem="labels-contradictory")
    return say_labels(VindrCxr.kind, enough)


def _tables(root: Path) -> dict[str, Path]:
    found = {split: _find_table(root, name) for split, name in TABLES.items()}
    return {split: path for split, path in found.items() if path}


def _find_table(root: Path, name: str) -> Path | None:
    return next(filter(None, (find_file(root / below, name) for below in FOLDERS)), None)


def _is_of_chests(path: Path) -> bool:
    """Tell VinDr-CXR's table from that of VinDr-PCXR (children), which has the same name."""
    with open_rows(path) as (header, _):
        return {_IMAGE, NORMAL, "Aortic enlargement"} <= set(header)


def _read_labels(path: Path) -> dict[str, list[frozenset[str]]]:
    """Return by picture the labels that each of its readers gave."""
    readings: dict[str, list[frozenset[str]]] = {}
    with open_rows(path) as (header, rows):
        require_columns(path, header, [_IMAGE, NORMAL])
        at = header.index(_IMAGE)
        names = [(number, name) for number, name in enumerate(header) if name not in (_IMAGE, _READER)]
        for where, cells in rows:
            given = frozenset(name for number, name in names if _is_given(cells[number], where, name))
            readings.setdefault(cells[at].strip(), []).append(given)
    return readings


def _is_given(cell: str, where: str, name: str) -> bool:
    if cell.strip() in ("1", "1.0"):
        return True
    if cell.strip() in ("0", "0.0", ""):
        return False
    raise DatasetError(
        "a label is none of 1, 0 and blank", where=f"{where}, {name}", hint="download it again"
    )
