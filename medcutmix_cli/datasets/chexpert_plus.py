"""CheXpert Plus (Chambon 2024, arXiv:2405.19538): CheXpert's pictures with their reports, as Stanford AIMI gives them.

One table, `df_chexpert_plus_240401.csv`, names pictures as CheXpert does; they come as PNG, as DICOM, or are those of
CheXpert itself (JPG). Reads tables, never a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.datasets.released_table import (
    ReleasedRows,
    ReleasedTable,
    find_file,
    first_place,
    place_of,
    read_object,
    require_file,
)
from medcutmix_cli.datasets.row_source import Row
from medcutmix_cli.datasets.split_names import split_named
from medcutmix_cli.datasets.tables import explain_table_errors, open_table, read_columns
from medcutmix_cli.findings import CHEXPERT

TABLE = "df_chexpert_plus_240401.csv"
PLACES = (
    ("PNG/PNG", ".png"),
    ("PNG", ".png"),
    ("PNGs", ".png"),
    ("", ".png"),
    ("DICOM", ".dcm"),
    ("", ".dcm"),
    ("CheXpert-v1.0", ".jpg"),
    ("CheXpert-v1.0-small", ".jpg"),
    ("", ".jpg"),
)
"""Folders below the root, with the suffix of their pictures: as the archives unpack, and CheXpert's own."""

LABELS = ("report_fixed.json", "impression_fixed.json", "findings_fixed.json")
"""CheXbert's labels by what they were read from, one object a line (`chexbert_labels.zip`)."""

_COLUMNS = ("path_to_image", "frontal_lateral", "ap_pa", "deid_patient_id", "report", "split")
_FIRST = 200


@dataclass(frozen=True, slots=True)
class ChexpertPlus(ReleasedTable):
    """The folder with the table and one form of the pictures.

    A study is the folder of its pictures (`patient00001/study1`). Of the two published splits "valid" is "validate".
    """

    kind: ClassVar[str] = "chexpert-plus"
    looks_for: ClassVar[str] = f"{TABLE}[.gz]"
    published: ClassVar[Mapping[str, str]] = {
        "image": "path_to_image",
        "report": "report",
        "subject": "deid_patient_id",
        "study": "path_to_image",
        "image_id": "path_to_image",
        "split": "split",
        "view": "ap_pa, frontal_lateral",
        "labels": "chexbert_labels/report_fixed.json",
    }

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` holds the table."""
        return root.is_dir() and find_file(root, TABLE) is not None

    def sources(self) -> Sequence[ReleasedRows]:
        """Return the table, with the labels where they are there."""
        columns = ["image", "report", "subject", "study", "image_id", "split", "view"]
        return [ReleasedRows(TABLE, [*columns, *(["labels"] if self._labels() else [])], self._rows)]

    def tables(self) -> Sequence[Path]:
        """Return the table and the labels."""
        labels = self._labels()
        return [require_file(self.root, TABLE, self.kind), *([labels] if labels else [])]

    def _labels(self) -> Path | None:
        folders = (
            self.root / "chexbert_labels",
            self.root / "chexbert_labels" / "chexbert_labels",
            self.root,
        )
        paths = (folder / name for name in LABELS for folder in folders)
        return next((path for path in paths if path.is_file()), None)

    def _rows(self) -> Iterator[Row]:
        table, labels = self.tables()[0], self._labels()
        first = [path for path, _ in islice(read_columns(table, ["path_to_image", "split"]), _FIRST)]
        folder, suffix = first_place(self.root, PLACES, first)
        known = dict(_read_labels(labels)) if labels else {}
        for path, side, view, patient, report, split in read_columns(table, _COLUMNS):
            yield {
                "image": place_of(path, folder, suffix),
                "report": report,
                "subject": patient,
                "study": path.rpartition("/")[0].partition("/")[2],
                "image_id": path.rpartition(".")[0].partition("/")[2],
                "split": split_named(split) or split,
                "view": "LATERAL" if side.lower() == "lateral" else view,
                "labels": known.get(path, {}),
            }


def _read_labels(path: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the labels that are said, by path of the picture; one object a line."""
    with explain_table_errors(path), open_table(path) as text:
        for number, line in enumerate(text, start=1):
            row = read_object(line, f"{path.name}, line {number}")
            said = {name: row[name] for name in CHEXPERT if not is_blank(row.get(name))}
            yield str(row.get("path_to_image", "")), said
