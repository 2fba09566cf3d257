"""Text and tables of the sample in the form of MIMIC-CXR: metadata, split, labels, lists and the report archive."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from medcutmix_cli.findings import CHEXPERT

METADATA = (
    "dicom_id",
    "subject_id",
    "study_id",
    "PerformedProcedureStepDescription",
    "ViewPosition",
    "Rows",
    "Columns",
    "StudyDate",
    "StudyTime",
    "ProcedureCodeSequence_CodeMeaning",
    "ViewCodeSequence_CodeMeaning",
    "PatientOrientationCodeSequence_CodeMeaning",
)
SPLIT = ("dicom_id", "study_id", "subject_id", "split")
LABELS = ("subject_id", "study_id", *CHEXPERT)
RECORDS = ("subject_id", "study_id", "dicom_id", "path")
STUDIES = ("subject_id", "study_id", "path")
REPORTS_FILE = "mimic-cxr-reports.zip"
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold: the same reports, the same bytes

_OBSERVATIONS = {
    "Atelectasis": ("atelectasis",),
    "Cardiomegaly": ("cardiomegaly",),
    "Consolidation": ("consolidation",),
    "Edema": ("edema",),
    "Lung Lesion": ("nodule", "mass"),
    "Pleural Effusion": ("pleural_effusion",),
    "Pneumothorax": ("pneumothorax",),
    "Support Devices": ("support_devices",),
}
_VALUES = {"present": "1.0", "uncertain": "-1.0", "absent": "0.0"}


def chexpert_row(truth: Mapping[str, str]) -> list[str]:
    """Turn what a report says of each finding into the 14 labels: 1.0, 0.0, -1.0 or blank."""
    row = dict.fromkeys(CHEXPERT, "")
    for observation, findings in _OBSERVATIONS.items():
        said = {truth[finding] for finding in findings}
        row[observation] = next((value for word, value in _VALUES.items() if word in said), "")
    disease = [row[name] for name in _OBSERVATIONS if name != "Support Devices"]
    if not {"1.0", "-1.0"} & set(disease):
        row["No Finding"] = "1.0"
    return [row[name] for name in CHEXPERT]


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a .csv.gz whose bytes depend on its rows alone."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def write_reports(path: Path, reports: Mapping[str, str]) -> None:
    """Write the reports, by their path inside, into one zip whose bytes depend on them alone."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(reports):
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, reports[name])
