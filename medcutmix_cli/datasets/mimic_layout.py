"""Where the parts of MIMIC-CXR lie on disk: two PhysioNet projects, apart, side by side or merged.

Looks at fixed names in a handful of folders; never walks a tree. Knows no row of any table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medcutmix_cli.datasets.report_store import ARCHIVES
from medcutmix_cli.errors import DatasetError

JPG_PROJECT = "MIMIC-CXR-JPG (physionet.org/content/mimic-cxr-jpg)"
DICOM_PROJECT = "MIMIC-CXR (physionet.org/content/mimic-cxr)"

# As wget -r from PhysioNet leaves them, and as people rename them.
_VERSIONS = ("", "2.0.0", "2.1.0")
_PROJECTS = tuple(
    f"{above}{project}/{version}".rstrip("/")
    for above in ("", "files/", "physionet.org/files/")
    for project in ("mimic-cxr-jpg", "mimic-cxr")
    for version in _VERSIONS
)
# Version 2.1.0 of MIMIC-CXR-JPG still names these files 2.0.0.
_TABLE = "mimic-cxr-2.*-{name}.csv"


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders that hold parts of the data set, the one that the user pointed to first.

    Attributes:
        folders: Folders that are one project or the other, or both.
        reports: Where reports are looked for: what the option gives, else `folders`.
    """

    folders: tuple[Path, ...]
    reports: tuple[Path, ...]

    def table(self, name: str) -> Path | None:
        """Return `mimic-cxr-2.x-NAME.csv[.gz]`, or None.

        Raises:
            DatasetError: One folder holds several.
        """
        return next(
            (path for folder in self.folders if (path := _one(folder, _TABLE.format(name=name)))), None
        )

    def record_list(self) -> Path | None:
        """Return `cxr-record-list.csv[.gz]` of MIMIC-CXR, or None."""
        return next((path for folder in self.folders if (path := _one(folder, "cxr-record-list.csv"))), None)

    def study_list(self) -> Path | None:
        """Return `cxr-study-list.csv[.gz]` of MIMIC-CXR, or None."""
        return next((path for folder in self.folders if (path := _one(folder, "cxr-study-list.csv"))), None)

    def pictures(self, kind: str) -> Iterator[tuple[str, Path]]:
        """Yield (suffix, folder) where pictures may lie, in the order of preference.

        Args:
            kind: "jpg", "dicom" or "auto".
        """
        for folder in self.folders:
            if (folder / "files").is_dir():
                if kind != "dicom" and is_jpg_project(folder):
                    yield ".jpg", folder
                if kind != "jpg" and is_dicom_project(folder):
                    yield ".dcm", folder

    def report_sources(self) -> Iterator[Path]:
        """Yield archives, then folders, that may hold the reports."""
        for folder in self.reports:
            if folder.is_file():
                yield folder
                continue
            yield from _archives(folder)
            yield from (part for part in (folder / "mimic-cxr-reports", folder) if part.is_dir())


def find_layout(root: Path, reports: Path | None, tables: Path | None) -> Layout:
    """Look in `root`, then `tables`, then `reports`, for the two projects.

    Raises:
        DatasetError: A path given does not exist.
    """
    for option, path in (("--reports", reports), ("tables", tables)):
        if path and not path.exists():
            raise DatasetError(
                f"the path given with {option} does not exist",
                where=str(path),
                hint="name the folder or archive that is there",
            )
    given = [path for path in (root, tables, reports) if path and path.is_dir()]
    folders = [folder for path in given for folder in project_folders(path)]
    unique = tuple(dict.fromkeys(folders))
    if reports is None:
        return Layout(unique, unique)
    return Layout(unique, (reports, *(project_folders(reports) if reports.is_dir() else ())))


def project_folders(root: Path) -> tuple[Path, ...]:
    """Return `root` and the fixed folders below it that are a project."""
    places = (root, *(root / below for below in _PROJECTS))
    return tuple(folder for folder in places if is_jpg_project(folder) or is_dicom_project(folder))


def is_jpg_project(folder: Path) -> bool:
    """Tell whether the folder holds the tables of MIMIC-CXR-JPG."""
    return any(_found(folder, _TABLE.format(name=name)) for name in ("metadata", "split"))


def is_dicom_project(folder: Path) -> bool:
    """Tell whether the folder holds the lists or the reports of MIMIC-CXR."""
    lists = ("cxr-record-list.csv", "cxr-study-list.csv")
    return any(_found(folder, name) for name in lists) or any(_archives(folder))


def _archives(folder: Path) -> Iterator[Path]:
    paths = (folder / f"mimic-cxr-reports{suffix}" for suffix in ARCHIVES)
    return (path for path in paths if path.is_file())


def _found(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for end in ("", ".gz") for path in folder.glob(pattern + end) if path.is_file())


def _one(folder: Path, pattern: str) -> Path | None:
    found = _found(folder, pattern)
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DatasetError(f"several files could be {pattern}: {names}", where=str(folder), hint="keep one")
    return found[0] if found else None
