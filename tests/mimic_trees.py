"""MIMIC-CXR-shaped trees in a few rows, each part where a test wants it."""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.findings import CHEXPERT

METADATA = ["dicom_id", "subject_id", "study_id", "ViewPosition", "Rows"]
SPLIT = ["dicom_id", "study_id", "subject_id", "split"]
LABELS = ["subject_id", "study_id", *CHEXPERT]
PROJECTS = {"jpg": "mimic-cxr-jpg", "dicom": "mimic-cxr"}


@dataclass
class Tree:
    """Rows of the tables and texts of the reports; change them, then `write`.

    Three studies of two patients: 10000001 has 50000002 (two images) and 50000001, 10000002 has 50000003.
    """

    metadata: list[list[str]] = field(
        default_factory=lambda: [
            ["d4", "10000002", "50000003", "", "9"],
            ["d2", "10000001", "50000002", "lateral", "9"],
            ["d1", "10000001", "50000002", "PA", "9"],
            ["d3", "10000001", "50000001", "AP", "9"],
        ]
    )
    split: list[list[str]] = field(
        default_factory=lambda: [
            ["d1", "50000002", "10000001", "train"],
            ["d2", "50000002", "10000001", "train"],
            ["d3", "50000001", "10000001", "train"],
            ["d4", "50000003", "10000002", "validate"],
        ]
    )
    labels: list[list[str]] = field(
        default_factory=lambda: [
            ["10000001", "50000002", "1.0", "0.0", "-1.0", *[""] * 11],
            ["10000001", "50000001", *[""] * 14],
        ]
    )
    studies: list[list[str]] = field(default_factory=list)
    reports: dict[str, bytes] = field(
        default_factory=lambda: {
            "10000001/50000001": b" FINDINGS: One.\r\n",
            "10000001/50000002": b" FINDINGS: Two.\n",
            "10000002/50000003": b" FINDINGS: Three.\n",
        }
    )

    def write(self, root: Path, pictures: str = "jpg", packed: str = ".zip", *, merged: bool = False) -> Path:
        """Write both projects below `root` (or into it), reports packed as ".zip", ".tar.gz" or "folder"."""
        jpg, dicom = (root, root) if merged else (root / PROJECTS["jpg"], root / PROJECTS["dicom"])
        for folder in (jpg, dicom):
            folder.mkdir(parents=True, exist_ok=True)
        write_csv(jpg / "mimic-cxr-2.0.0-metadata.csv.gz", METADATA, self.metadata)
        write_csv(jpg / "mimic-cxr-2.0.0-split.csv.gz", SPLIT, self.split)
        write_csv(jpg / "mimic-cxr-2.0.0-chexpert.csv.gz", LABELS, self.labels)
        records = [[r[1], r[2], r[0], f"{folder_of(r[1], r[2])}/{r[0]}.dcm"] for r in self.metadata]
        write_csv(dicom / "cxr-record-list.csv.gz", ["subject_id", "study_id", "dicom_id", "path"], records)
        if self.studies:
            write_csv(dicom / "cxr-study-list.csv.gz", ["subject_id", "study_id", "path"], self.studies)
        suffix = {"jpg": ".jpg", "dicom": ".dcm"}[pictures]
        for row in self.metadata:
            path = (jpg if pictures == "jpg" else dicom) / folder_of(row[1], row[2]) / (row[0] + suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        self.pack(dicom, packed)
        return root

    def pack(self, folder: Path, packed: str) -> Path:
        """Write the reports into `folder`; return where they are."""
        files = {f"{folder_of(*name.split('/'))}.txt": text for name, text in self.reports.items()}
        target = folder / f"mimic-cxr-reports{packed}"
        if packed == "folder":
            for name, text in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(text)
            return folder
        if packed == ".zip":
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, text in files.items():
                    archive.writestr(name, text)
            return target
        with tarfile.open(target, "w:gz" if packed.endswith("gz") else "w") as archive:
            for name, text in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
        return target


def folder_of(subject: str, study: str) -> str:
    """Return `files/p10/p10000001/s50000001`."""
    return f"files/p{subject[:2]}/p{subject}/s{study}"


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    """Write a CSV file, gzipped where its name says so."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
