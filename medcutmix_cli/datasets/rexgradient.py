"""ReXGradient-160K (Zhang 2025, arXiv:2505.00228): studies of 79 sites as Hugging Face has them.

The files `metadata/{train,valid,test}_metadata_view_position.json` hold one study a key, with its pictures and their
views in lists; the tables of the same name say no views. Reads no pixel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from medcutmix_cli.datasets.cells import is_blank
from medcutmix_cli.datasets.released_table import (
    ReleasedRows,
    ReleasedTable,
    find_file,
    first_place,
    place_of,
    read_object,
)
from medcutmix_cli.datasets.row_source import PROBLEM, Row
from medcutmix_cli.datasets.split_names import SPLIT_NAMES
from medcutmix_cli.datasets.study_table import join_sections
from medcutmix_cli.datasets.tables import explain_table_errors, open_table
from medcutmix_cli.errors import DatasetError

_END = "_metadata_view_position.json"
_ABOVE = "../"
_SECTIONS = ("Indication", "Comparison", "Findings", "Impression")
_TELLING = ("Findings", "Impression")
PLACES = (("", ""), ("images", ""), ("deid_png", ""), ("images/deid_png", ""))
"""Folders that `deid_png/...` of the metadata may lie below: the archive unpacks to the first."""


@dataclass(frozen=True, slots=True)
class RexGradient(ReleasedTable):
    """The folder with `metadata/` and the unpacked `deid_png/`; the files of some splits suffice."""

    kind: ClassVar[str] = "rexgradient"
    looks_for: ClassVar[str] = f"metadata/train{_END} of ReXGradient-160K (or valid, test)"
    published: ClassVar[Mapping[str, str]] = {
        "image": "ImagePath",
        "report": ", ".join(_SECTIONS),
        "subject": "PatientID",
        "study": "StudyInstanceUid",
        "image_id": "ImagePath",
        "split": "name of the file",
        "view": "ImageViewPosition",
    }

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether metadata with views are there."""
        return root.is_dir() and bool(_metadata(root))

    def sources(self) -> Sequence[ReleasedRows]:
        """Return the files of all splits as one table."""
        columns = ["image", "report", "subject", "study", "image_id", "split", "view"]
        return [ReleasedRows(self.kind, columns, self._rows)]

    def tables(self) -> Sequence[Path]:
        """Return the files, train first."""
        return list(self._found().values())

    def _found(self) -> dict[str, Path]:
        found = _metadata(self.root)
        if not found:
            raise DatasetError(
                "no metadata is there", where=str(self.root), hint=f"looked for {self.looks_for}"
            )
        return found

    def _rows(self) -> Iterator[Row]:
        place = None
        for split, path in self._found().items():
            studies = _read_studies(path)
            place = place or first_place(self.root, PLACES, _first_pictures(studies))
            for key, study in studies.items():
                yield from _study_rows(key, study, split, place)


def _metadata(root: Path) -> dict[str, Path]:
    """Return the file of each split that is there."""
    found: dict[str, Path] = {}
    for split, names in SPLIT_NAMES.items():
        paths = (
            find_file(root / below, f"{name}{_END}") for below in ("metadata", "") for name in (split, *names)
        )
        if path := next(filter(None, paths), None):
            found[split] = path
    return found


def _read_studies(path: Path) -> dict[str, Mapping[str, Any]]:
    with explain_table_errors(path), open_table(path) as text:
        studies = read_object(text.read(), path.name)
    for number, study in enumerate(studies.values(), start=1):
        if not isinstance(study, Mapping):
            raise DatasetError(
                "a study is no object",
                where=f"{path.name}, study {number}",
                hint="download the file again: in what was published each study is one",
            )
    return studies


def _pictures(study: Mapping[str, Any]) -> list[str]:
    paths = study.get("ImagePath")
    return [str(path).removeprefix(_ABOVE) for path in paths] if isinstance(paths, list) else []


def _first_pictures(studies: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [path for study in studies.values() for path in _pictures(study)]


def _study_rows(key: str, study: Mapping[str, Any], split: str, place: tuple[str, str]) -> Iterator[Row]:
    said = study.get("ImageViewPosition")
    views = said if isinstance(said, list) else []
    pictures = _pictures(study)
    for number, path in enumerate(pictures or [""]):
        yield {
            "image": place_of(path, *place) if path else "",
            "report": _report(study),
            "subject": study.get("PatientID"),
            "study": study.get("StudyInstanceUid") or key,
            "image_id": Path(path).stem or f"{key} without picture",
            "split": split,
            "view": views[number] if number < len(views) else "",
            PROBLEM: "" if path else "image-path-missing",
        }


def _report(study: Mapping[str, Any]) -> str:
    """Return the sections as one report; "" where neither findings nor impression say anything."""
    texts = {name: study.get(name) for name in _SECTIONS}
    said = {name.lower(): "" if is_blank(text) else str(text) for name, text in texts.items()}
    return join_sections(said) if any(said[name.lower()].strip() for name in _TELLING) else ""
