"""The true lesions of the sample as a table: `boxes.csv`, one row per lesion of a frontal picture.

Columns: dicom_id, study_id, finding, side, x, y, width, height (pixels of the original image, x right, y down),
rle. `rle` is the mask inside the box, row by row from its top left corner: lengths of runs that are outside and
inside by turns, beginning with outside, separated by spaces. The lengths add up to width x height.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.errors import DatasetError, cause

BOXES_FILE = "boxes.csv"


@dataclass(frozen=True, slots=True)
class Box:
    """One lesion of one picture: its bounding box in pixels of the original image, and its mask inside it."""

    dicom_id: str
    study_id: str
    finding: str
    side: str
    x: int
    y: int
    width: int
    height: int
    rle: str

    def mask(self, image_height: int, image_width: int) -> NDArray[np.bool_]:
        """Return the (image_height, image_width) bool mask."""
        full = np.zeros((image_height, image_width), np.bool_)
        full[self.y : self.y + self.height, self.x : self.x + self.width] = _decode(self)
        return full


COLUMNS = tuple(field.name for field in fields(Box))


def box_of(mask: NDArray[np.bool_], dicom_id: str, study_id: str, finding: str, side: str) -> Box:
    """Box a mask that holds at least one pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    y, x = int(rows[0]), int(columns[0])
    inside = mask[y : int(rows[-1]) + 1, x : int(columns[-1]) + 1]
    height, width = inside.shape
    return Box(dicom_id, study_id, finding, side, x, y, width, height, _encode(inside))


def _encode(inside: NDArray[np.bool_]) -> str:
    flat = np.concatenate([[False], inside.ravel()])  # a leading "outside", so that runs start with it
    turns = np.flatnonzero(flat[1:] != flat[:-1])
    lengths = np.diff(np.concatenate([[0], turns, [inside.size]]))
    return " ".join(str(int(length)) for length in lengths)


def _decode(box: Box) -> NDArray[np.bool_]:
    lengths = np.array([int(length) for length in box.rle.split()], dtype=np.int64)
    if int(lengths.sum()) != box.width * box.height:
        raise DatasetError(
            "the runs of a mask do not fill its box", where=box.dicom_id, hint=f"see {BOXES_FILE}"
        )
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(box.height, box.width)


def write_boxes(path: Path, boxes: Iterable[Box]) -> None:
    """Write `boxes.csv`."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(box) for box in boxes)


def read_boxes(directory: Path) -> list[Box]:
    """Read the true lesions of a sample data set.

    Args:
        directory: The root of the sample.

    Raises:
        DatasetError: There is no `boxes.csv`, or it has other columns or values.
    """
    path = Path(directory) / BOXES_FILE
    hint = "it comes with the folder that `medcutmix sample` writes"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise DatasetError(
                    "the columns are not those of a sample's boxes", where=str(path), hint=hint
                )
            return [_box(row) for row in reader]
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(f"cannot read the boxes ({cause(error)})", where=str(path), hint=hint) from error


def _box(row: dict[str, str]) -> Box:
    x, y, width, height = (int(row[name]) for name in ("x", "y", "width", "height"))
    return Box(row["dicom_id"], row["study_id"], row["finding"], row["side"], x, y, width, height, row["rle"])
