"""MIMIC-CXR and MIMIC-CXR-JPG as they come from PhysioNet. Reads tables and reports, never a pixel."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets import mimic_layout
from medcutmix_cli.datasets.base import is_synthetic
from medcutmix_cli.datasets.grouping import Companions, group_studies
from medcutmix_cli.datasets.ids import whole_id
from medcutmix_cli.datasets.mimic_layout import DICOM_PROJECT, JPG_PROJECT, Layout
from medcutmix_cli.datasets.mimic_tables import TablePaths, Tables, join_tables, sample_ids, standard_path
from medcutmix_cli.datasets.report_store import FolderReports, open_reports
from medcutmix_cli.datasets.tables import fingerprint, read_columns
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Drop, Study

_CHOICES = {"images": ("auto", "jpg", "dicom"), "labels": ("auto", "chexpert", "negbio", "none")}


@dataclass(frozen=True, slots=True)
class MimicCxr:
    """A MIMIC-CXR-JPG root, a MIMIC-CXR root, or a folder that holds both.

    Attributes:
        root: Folder of one project, or the folder above `mimic-cxr-jpg` and `mimic-cxr`.
        reports: `mimic-cxr-reports.zip`, `.tar.gz`, a folder of reports, or the MIMIC-CXR root.
        tables: Folder with the metadata and split tables, where `root` is the MIMIC-CXR root.
        images: "jpg" or "dicom"; "auto" takes what is found first, beginning with `root`, JPG before DICOM.
        labels: Which table gives labels: "chexpert", "negbio", "none"; "auto" takes the first that is there.
    """

    root: Path
    reports: Path | None = None
    tables: Path | None = None
    images: str = "auto"
    labels: str = "auto"
    layout: Layout = field(init=False, repr=False, compare=False)
    found: dict[str, Path] = field(init=False, repr=False, compare=False, default_factory=dict)

    kind: ClassVar[str] = "mimic-cxr"
    looks_for: ClassVar[str] = (
        "mimic-cxr-2.x-metadata.csv[.gz] or -split.csv[.gz] of MIMIC-CXR-JPG, "
        "cxr-record-list.csv[.gz] or mimic-cxr-reports.zip of MIMIC-CXR"
    )

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                what = f"{name} = {getattr(self, name)!r} makes no sense for mimic-cxr"
                raise UsageError(what, hint=f"known: {', '.join(known)}")
        for name in ("root", "reports", "tables"):
            given = getattr(self, name)
            object.__setattr__(self, name, None if given is None else Path(given))
        found = mimic_layout.find_layout(self.root, self.reports, self.tables)
        object.__setattr__(self, "layout", found)

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` holds tables or lists of either project."""
        return root.is_dir() and bool(mimic_layout.project_folders(root))

    @property
    def synthetic(self) -> bool:
        """Whether the tree is the bundled sample."""
        return any(is_synthetic(folder) for folder in (self.root, *self.layout.folders))

    def studies(self) -> Iterator[Study | Drop]:
        """Yield every study once, by (subject_id, study_id) (see `Dataset.studies`)."""
        suffix, _ = self._picture_source()
        source = self._report_source()
        tables = join_tables(self._table_paths(suffix), suffix)
        with closing(open_reports(source)) as store:
            beside = Companions(store.read, lambda study: _labels(tables, study), tables.others)
            yield from group_studies(tables.rows, beside)

    def listed_pictures(self) -> Iterator[tuple[str, str, str]]:
        """Yield (subject, study, split) of every picture of the split table (see `ListedDataset`)."""
        for row in read_columns(self._required("split"), ("subject_id", "study_id", "split")):
            yield whole_id(row[0]), whole_id(row[1]), row[2]

    def resolve(self, image_path: str) -> Path:
        """Return the file of an `Image.path`; its suffix tells the project, looked for once: a listing a project."""
        wanted = "dicom" if image_path.endswith(".dcm") else "jpg"
        if wanted not in self.found:
            for _, folder in self.layout.pictures(wanted):
                self.found[wanted] = folder
                break
        return self.found.get(wanted, self.root) / image_path

    def provenance(self) -> dict[str, str | int]:
        """Return names, sizes and sha256 of the tables, and name and size of the reports."""
        suffix, _ = self._picture_source()
        source = self._report_source()
        facts: dict[str, str | int] = {"kind": self.kind, "images": suffix.removeprefix(".")}
        for path in self._table_paths(suffix).present():
            facts[f"{path.name}:bytes"] = path.stat().st_size
            facts[f"{path.name}:sha256"] = fingerprint(path)
        facts["reports"] = source.name if source.is_file() else "folder"
        if source.is_file():
            facts["reports:bytes"] = source.stat().st_size
        return facts

    def _table_paths(self, suffix: str) -> TablePaths:
        return TablePaths(
            metadata=self._required("metadata"),
            split=self._required("split"),
            labels=self._label_table(),
            records=self.layout.record_list() if suffix == ".dcm" else None,
            studies=self.layout.study_list(),
        )

    def _required(self, name: str) -> Path:
        if path := self.layout.table(name):
            return path
        what = f"mimic-cxr-2.0.0-{name}.csv.gz of {JPG_PROJECT} is missing"
        raise DatasetError(what, where=str(self.root), hint=self._hint_of_tables())

    def _hint_of_tables(self) -> str:
        """Say which root is wanted, where the one that was given is of the other project."""
        set_ = "set tables = PATH of its folder under [dataset]"
        if any(map(mimic_layout.is_jpg_project, self.layout.folders)):
            return f"put it beside the other tables, or {set_}"
        reports = f"--reports {shlex.quote(str(self.reports or self.root))}"
        return f"give the folder of MIMIC-CXR-JPG instead, and {reports} for the reports; or {set_}"

    def _label_table(self) -> Path | None:
        names = {"auto": ("chexpert", "negbio"), "none": ()}.get(self.labels, (self.labels,))
        found = next((path for name in names if (path := self.layout.table(name))), None)
        return self._required(names[0]) if found is None and len(names) == 1 else found

    def _picture_source(self) -> tuple[str, Path]:
        candidates = list(self.layout.pictures(self.images))
        metadata = self._required("metadata")
        if self.images != "auto" and candidates:
            return candidates[0]
        for ids in sample_ids(metadata):
            for suffix, folder in candidates:
                if (folder / standard_path(*ids, suffix)).is_file():
                    return suffix, folder
        hint = f"images = 'jpg' needs files/ of {JPG_PROJECT}, images = 'dicom' files/ of {DICOM_PROJECT}"
        raise DatasetError("no picture of the tables is there", where=str(self.root), hint=hint)

    def _report_source(self) -> Path:
        metadata = self._required("metadata")
        for path in self.layout.report_sources():
            if path.is_file() or _holds_reports(path, metadata):
                return path
        raise DatasetError(
            f"the reports are missing: mimic-cxr-reports.zip of {DICOM_PROJECT}; MIMIC-CXR-JPG has none",
            where=str(self.reports or self.root),
            hint="give the zip, a .tar.gz, a folder of reports or the MIMIC-CXR root with --reports PATH",
        )


def _holds_reports(folder: Path, metadata: Path) -> bool:
    reports = FolderReports(folder)
    return any(reports.holds(subject, study) for subject, study, _ in sample_ids(metadata))


def _labels(tables: Tables, study: str) -> Mapping[str, float] | None:
    values = tables.labels.get(study, ())
    if values is None:
        return None
    return {name: value for name, value in zip(CHEXPERT, values, strict=False) if not math.isnan(value)}
