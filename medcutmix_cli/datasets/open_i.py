"""Open-i's Indiana University chest X-rays (Demner-Fushman 2016, doi 10.1093/jamia/ocv080), as CSV or as XML.

The XML is what the National Library of Medicine publishes (openi.nlm.nih.gov/faq, NLMCXR_reports.tgz); the two tables
are those of kaggle.com/datasets/raddar/chest-xrays-indiana-university, which add who is frontal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

from medcutmix_cli.datasets.released_table import (
    ReleasedRows,
    ReleasedTable,
    find_file,
    list_pictures,
    require_file,
)
from medcutmix_cli.datasets.row_source import PROBLEM, Row
from medcutmix_cli.datasets.study_table import join_sections
from medcutmix_cli.datasets.tables import read_columns
from medcutmix_cli.errors import DatasetError, UsageError, suggest

REPORTS, PROJECTIONS = "indiana_reports.csv", "indiana_projections.csv"
XML_FOLDERS = (
    "ecgen-radiology",
    "NLMCXR_reports/ecgen-radiology",
    "reports/ecgen-radiology",
    "NLMCXR_reports",
)
"""Where the reports unpack to, first found first."""

FORMS = ("auto", "csv", "xml")
_SECTIONS = ("indication", "comparison", "findings", "impression")
_TELLING = ("findings", "impression")
_PREFIX = re.compile(r"^CXR(?=\d)")


@dataclass(frozen=True, slots=True)
class OpenI(ReleasedTable):
    """A folder with the two tables, or with `ecgen-radiology/*.xml`, and the pictures anywhere below it.

    One study a patient, with one or several pictures, as published. Of the views the tables say "Frontal" and
    "Lateral" only.

    Attributes:
        form: "csv" or "xml"; "auto" takes the tables where both are there.
    """

    form: str = "auto"

    kind: ClassVar[str] = "open-i"
    looks_for: ClassVar[str] = f"{REPORTS}, or ecgen-radiology/*.xml of Open-i"
    published: ClassVar[Mapping[str, str]] = {
        "image": "filename, parentImage",
        "report": "indication, comparison, findings, impression",
        "subject": "uid",
        "study": "uid",
        "image_id": "filename, parentImage",
        "view": "projection",
    }
    unsaid: ClassVar[Mapping[str, str]] = {
        **ReleasedTable.unsaid,
        "view": f"the XML does not say which picture is frontal: put {PROJECTIONS} of the CSV form into the folder; "
        "--map view:=PA only where no lateral picture lies there",
    }

    def __post_init__(self) -> None:
        ReleasedTable.__post_init__(self)
        if self.form not in FORMS:
            raise UsageError(f"there is no form {self.form!r} of {self.kind}", hint=suggest(self.form, FORMS))

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` holds the table of reports, or reports as XML."""
        return root.is_dir() and (find_file(root, REPORTS) is not None or _xml_folder(root) is not None)

    def sources(self) -> Sequence[ReleasedRows]:
        """Return the joined reports and pictures as one table."""
        columns = ["image", "report", "subject", "study", "image_id", "view"]
        return [ReleasedRows(self.kind, columns, self._rows)]

    def tables(self) -> Sequence[Path]:
        """Return the two tables, or the reports and the table of views, where it is there."""
        if self._of_tables:
            return [require_file(self.root, name, self.kind) for name in (REPORTS, PROJECTIONS)]
        views = find_file(self.root, PROJECTIONS)
        return [*self._xml_files(), *([views] if views else [])]

    @property
    def _of_tables(self) -> bool:
        tables = all(find_file(self.root, name) for name in (REPORTS, PROJECTIONS))
        return self.form == "csv" or (self.form == "auto" and (tables or _xml_folder(self.root) is None))

    def _xml_files(self) -> list[Path]:
        folder = _xml_folder(self.root)
        if folder is None:
            raise DatasetError(
                "no XML report is there", where=str(self.root), hint=f"looked for {XML_FOLDERS[0]}"
            )
        return sorted(folder.glob("*.xml"), key=lambda path: (len(path.name), path.name))

    def _rows(self) -> Iterator[Row]:
        pictures = list_pictures(self.root, _picture_key)
        yield from self._of_csv(pictures) if self._of_tables else self._of_xml(pictures)

    def _of_csv(self, pictures: Mapping[str, str]) -> Iterator[Row]:
        reports, projections = self.tables()
        texts = _texts(reports)
        shown = set()
        for uid, filename, view in read_columns(projections, ["uid", "filename", "projection"]):
            shown.add(uid)
            text = texts.get(uid)
            yield _row(uid, _picture_key(Path(filename).stem), view, text, pictures)
        for uid in texts.keys() - shown:
            yield _row(uid, "", "", texts[uid], pictures)

    def _of_xml(self, pictures: Mapping[str, str]) -> Iterator[Row]:
        table = find_file(self.root, PROJECTIONS)
        known = read_columns(table, ["filename", "projection"]) if table else ()
        views = {_picture_key(Path(filename).stem): view for filename, view in known}
        for path in self._xml_files():
            uid, text, images = read_xml(path)
            for image in images or [""]:
                yield _row(uid, image, views.get(image, ""), text, pictures)


def _xml_folder(root: Path) -> Path | None:
    folders = (root / name for name in XML_FOLDERS)
    return next((folder for folder in folders if any(folder.glob("*.xml"))), None)


def _picture_key(stem: str) -> str:
    """Return what all forms have in common: "1_IM-0001-4001" of "CXR1_IM-0001-4001" and "1_IM-0001-4001.dcm"."""
    return _PREFIX.sub("", stem).removesuffix(".dcm")


def _texts(table: Path) -> dict[str, str]:
    """Return report by uid; two that differ make none."""
    texts: dict[str, str] = {}
    for uid, *sections in read_columns(table, ["uid", *_SECTIONS]):
        text = _report(dict(zip(_SECTIONS, sections, strict=True)))
        texts[uid] = text if texts.setdefault(uid, text) == text else ""
    return texts


def read_xml(path: Path) -> tuple[str, str, list[str]]:
    """Read one report: its id, its text and the ids of its pictures.

    Raises:
        DatasetError: It is no XML, or not such a report.
    """
    try:
        # expat expands no external entity and bounds internal ones (XML_SetBillionLaughsAttackProtection*)
        root = ElementTree.parse(path).getroot()  # noqa: S314
    except (ElementTree.ParseError, UnicodeDecodeError, OSError) as error:
        raise DatasetError("a report is no readable XML", where=path.name, hint="unpack it again") from error
    named = root.find("uId")
    uid = _PREFIX.sub("", named.get("id", "")) if named is not None else ""
    if not uid:
        raise DatasetError("a report has no uId", where=path.name, hint="is it a report of Open-i?")
    said = {part.get("Label", "").lower(): "".join(part.itertext()) for part in root.iter("AbstractText")}
    images = [_picture_key(image.get("id", "")) for image in root.iter("parentImage")]
    return uid, _report(said), [image for image in images if image]


def _report(said: Mapping[str, str]) -> str:
    """Return the sections as one report; "" where neither findings nor impression say anything."""
    if not any(said.get(name, "").strip() for name in _TELLING):
        return ""
    return join_sections({name: said.get(name, "") for name in _SECTIONS})


def _row(uid: str, image: str, view: str, text: str | None, pictures: Mapping[str, str]) -> Row:
    problem = "report-missing" if text is None else "image-missing" if image and image not in pictures else ""
    return {
        "image": pictures.get(image, ""),
        "report": text or "",
        "subject": uid,
        "study": uid,
        "image_id": image or f"{uid} without picture",
        "view": "LATERAL" if view == "Lateral" else view,
        PROBLEM: problem,
    }
