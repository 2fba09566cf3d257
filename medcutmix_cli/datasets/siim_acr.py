"""SIIM-ACR Pneumothorax Segmentation (Kaggle 2019): pictures of ChestX-ray14 as DICOM, with outlines of one finding.

A table of pictures and run lengths, of which "-1" says that no pneumothorax was outlined. Reads the table alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets.labelled_pictures import COLUMNS, LabelledPictures, SpokenLabels, labelled_row
from medcutmix_cli.datasets.released_table import ReleasedRows, Remark, find_file, list_pictures
from medcutmix_cli.datasets.row_source import PROBLEM, Row
from medcutmix_cli.datasets.tables import open_rows, require_columns
from medcutmix_cli.errors import DatasetError

TABLES = ("stage_2_train.csv", "train-rle.csv")
FINDING = "Pneumothorax"

_IMAGE, _OUTLINE = "ImageId", "EncodedPixels"
_NONE = ("", "-1")


@dataclass(frozen=True, slots=True)
class SiimAcr(LabelledPictures):
    """The folder with the table and the pictures anywhere below it, as `dicom-images-train/STUDY/SERIES/IMAGE.dcm`.

    A picture with an outline has a pneumothorax, and whatever else nobody looked for. One without is left out: the
    table only denies, and that is no report.
    """

    kind: ClassVar[str] = "siim-acr"
    looks_for: ClassVar[str] = f"{' or '.join(TABLES)} with the columns {_IMAGE} and {_OUTLINE}"
    published: ClassVar[Mapping[str, str]] = {
        "image": _IMAGE,
        "report": f"made of {_OUTLINE}",
        "subject": f"not published: {_IMAGE}",
        "study": _IMAGE,
        "image_id": _IMAGE,
        "labels": _OUTLINE,
    }
    unsaid: ClassVar[Mapping[str, str]] = {
        **LabelledPictures.unsaid,
        "view": "--view-all PA or --view-all AP: the table does not say, the headers of the pictures do; "
        "beside another set: view = 'PA' under [dataset.unpaired_options]",
    }

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` holds a table of outlines."""
        table = find_file(root, *TABLES) if root.is_dir() else None
        return table is not None and {_IMAGE, _OUTLINE} <= _columns(table)

    def sources(self) -> Sequence[ReleasedRows]:
        """Return the table."""
        columns = [role for role in COLUMNS if role not in ("split", "view")]
        return [ReleasedRows(self.tables()[0].name, columns, self._rows)]

    def tables(self) -> Sequence[Path]:
        """Return the table."""
        if path := find_file(self.root, *TABLES):
            return [path]
        raise DatasetError("the table is missing", where=str(self.root), hint=f"looked for {self.looks_for}")

    def remarks(self) -> Iterator[Remark]:
        """Say what the publication leaves open."""
        what = "the table says neither patients nor views: each picture counts as a patient of its own"
        yield Remark(
            what, "--view-all PA or AP; as ChestX-ray14 the pictures have patients, views and more labels"
        )
        yield from LabelledPictures.remarks(self)

    def _rows(self) -> Iterator[Row]:
        pictures = list_pictures(self.root)
        for image, outlined in _read_outlines(self.tables()[0]).items():
            row = {
                "image": pictures.get(image, ""),
                "report": "",
                "subject": f"siim-{image}",
                "study": f"siim-{image}",
                "image_id": image,
                PROBLEM: "" if image in pictures else "image-missing",
            }
            labels = SpokenLabels((FINDING,)) if outlined else SpokenLabels(problem="label-only-denies")
            yield labelled_row(row, labels)


def _columns(table: Path) -> set[str]:
    with open_rows(table) as (header, _):
        return {name.strip() for name in header}


def _read_outlines(table: Path) -> dict[str, bool]:
    """Return by picture whether any of its rows has an outline; `train-rle.csv` writes " EncodedPixels"."""
    outlined: dict[str, bool] = {}
    with open_rows(table) as (header, rows):
        names = [name.strip() for name in header]
        require_columns(table, names, [_IMAGE, _OUTLINE])
        image, outline = names.index(_IMAGE), names.index(_OUTLINE)
        for _, cells in rows:
            found = cells[outline].strip() not in _NONE
            outlined[cells[image].strip()] = outlined.get(cells[image].strip(), False) or found
    return outlined
