"""PadChest (Bustos 2020, doi 10.1016/j.media.2020.101797): pictures of one Spanish hospital with labels in English.

Its reports are stems of Spanish words, which the rules for English reports cannot read: they are refused by name.
Reads the table, never a pixel.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets.labelled_pictures import COLUMNS, LabelledPictures, labelled_row, say_labels
from medcutmix_cli.datasets.released_table import ReleasedRows, Remark, find_file, list_pictures
from medcutmix_cli.datasets.row_source import PROBLEM, Row
from medcutmix_cli.datasets.tables import read_columns
from medcutmix_cli.errors import DatasetError, UsageError

TABLES = (
    "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv",
    "PADCHEST_chest_x_ray_images_labels_160K.csv",
)
"""Names of the table; the first is the newer one."""

VIEWS = {"AP_horizontal": "AP", "L": "LATERAL"}
"""View of the table -> ours; "COSTAL" (ribs) and "EXCLUDE" are none, and their pictures are left out."""

_COLUMNS = ("ImageID", "StudyID", "PatientID", "Projection", "Labels")
_TEXTS = ("report", "findings", "impression", "report_path")


@dataclass(frozen=True, slots=True)
class PadChest(LabelledPictures):
    """The folder with the table and the pictures anywhere below it: in `0` to `54` as unpacked, or in one folder.

    Pictures of a study share its labels, which physicians gave 27 % of the reports and a model the others.
    """

    kind: ClassVar[str] = "padchest"
    looks_for: ClassVar[str] = f"{TABLES[0]}[.gz]"
    published: ClassVar[Mapping[str, str]] = {
        "image": "ImageID",
        "report": "made of Labels",
        "subject": "PatientID",
        "study": "StudyID",
        "image_id": "ImageID",
        "view": "Projection",
        "labels": "Labels",
    }

    def __post_init__(self) -> None:
        if set(self.columns) & set(_TEXTS):
            what = "the reports of PadChest are Spanish, and only English ones can be read"
            raise UsageError(what, hint="leave the option out: its labels are said in prompts")
        LabelledPictures.__post_init__(self)

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` holds the table."""
        return root.is_dir() and find_file(root, *TABLES) is not None

    def sources(self) -> Sequence[ReleasedRows]:
        """Return the table."""
        columns = [role for role in COLUMNS if role != "split"]
        return [ReleasedRows(self.tables()[0].name, columns, self._rows)]

    def tables(self) -> Sequence[Path]:
        """Return the table."""
        if path := find_file(self.root, *TABLES):
            return [path]
        raise DatasetError(
            "the table of PadChest is missing", where=str(self.root), hint=f"looked for {TABLES[0]}"
        )

    def remarks(self) -> Iterator[Remark]:
        """Say what its reports are."""
        yield Remark(
            "its reports are Spanish and are not read", "nothing: its labels are said in prompts instead"
        )
        yield from LabelledPictures.remarks(self)

    def _rows(self) -> Iterator[Row]:
        pictures = list_pictures(self.root)
        for image, study, patient, view, labels in read_columns(self.tables()[0], _COLUMNS):
            stem = Path(image).stem
            row = {
                "image": pictures.get(stem, ""),
                "report": "",
                "subject": f"padchest-{patient}" if patient else "",
                "study": f"padchest-{study}" if study else "",
                "image_id": stem,
                "view": VIEWS.get(view, view),
                PROBLEM: "" if stem in pictures else "image-missing",
            }
            yield labelled_row(row, say_labels(self.kind, read_list(labels)))


def read_list(text: str) -> list[str]:
    """Return the labels of a cell, which is a list as Python writes it; [] where it is none."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return []
    return [label for label in found if isinstance(label, str)] if isinstance(found, list) else []
