"""A small data set in which every word of a patient is a canary: found anywhere else, it has leaked.

Each kind of what is a patient's has its own word: text of reports, DICOM headers, names and cells that no role reads,
ids of patients, names of files.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from tests.pictures import make_shapes, write_dicom, write_jpeg

TEXT, HEADER, NAME, PATIENT, FILE = (
    "canaryreport",
    "canaryheader",
    "canaryname",
    "canarypatient",
    "canaryfile",
)
KINDS = (TEXT, HEADER, NAME, PATIENT, FILE)

FINDINGS = (
    f"There is a small right pleural effusion near {TEXT}.",
    f"A large right pleural effusion is present, {TEXT}.",
    f"Moderate right pleural effusion {TEXT}.",
    f"Right upper lobe consolidation is present in {TEXT}.",
)
STUDIES = 24
BROKEN = (5, 6)
"""Studies whose picture is a broken DICOM, and one that is gone."""


def report(number: int) -> str:
    """Return a report with a canary in each section and sentence."""
    said = FINDINGS[number % len(FINDINGS)]
    return (
        f"                                 FINAL REPORT\n INDICATION:  {TEXT} pain.\n \n FINDINGS:  {said} "
        f"The heart size is normal {TEXT}.\n \n IMPRESSION:  Effusion, {TEXT}.\n"
    )


def write_canary_set(folder: Path) -> Path:
    """Write a CSV of studies with DICOM and JPEG pictures; some of them broken."""
    folder.mkdir(parents=True)
    rows = [_write_study(folder, number) for number in range(STUDIES)]
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return folder


def _write_study(folder: Path, number: int) -> dict[str, str]:
    path = folder / f"{FILE}-{number:02d}.{'dcm' if number % 2 else 'jpg'}"
    pixels = make_shapes(240, 200)
    if number % 2:
        write_dicom(
            path,
            pixels,
            **dict.fromkeys(("PatientName", "PatientID", "AccessionNumber", "InstitutionName"), HEADER),
            StudyDescription=HEADER,
            ImageComments=HEADER,
        )
    else:
        write_jpeg(path, (pixels >> 4).astype("uint8"))
    if number == BROKEN[0]:
        path.write_bytes(path.read_bytes()[:2000])
    if number == BROKEN[1]:
        path.unlink()
    return {
        "image": path.name,
        "report": report(number),
        "subject": f"{PATIENT}{number:02d}",
        "study": f"s{number:04d}",
        "split": "train",
        "view": "PA",
        "name_of_patient": f"{NAME} {number}",
    }


def found_in(path: Path) -> set[str]:
    """Return the kinds of canaries that a file holds, whatever it is packed in."""
    content = path.read_bytes()
    found = {kind for kind in KINDS for form in _forms(kind) if form in content}
    for unpacked in _unpacked(path, content):
        found |= {kind for kind in KINDS if kind in unpacked}
    return found


def _forms(kind: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        yield kind.encode(encoding)


def _unpacked(path: Path, content: bytes) -> Iterator[str]:
    if content[:4] == b"PAR1":
        file = pq.ParquetFile(path)
        yield str(file.schema_arrow) + str(file.metadata.metadata)
        for batch in file.iter_batches(32):
            yield str(batch.to_pylist())
    elif content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content).decode("utf-8", "replace")
    elif content[:1] == b"\x78":
        yield zlib.decompress(content).decode("utf-8", "replace")


def write_gold(folder: Path) -> tuple[Path, Path]:
    """Write reports and what they assert, for `evaluate reports`: wrong, so that there is something to tell."""
    texts, gold = folder / "texts.csv", folder / "gold.csv"
    with texts.open("w", encoding="utf-8", newline="") as handle:
        table = csv.writer(handle)
        table.writerows([("uid", "findings"), *((str(n), FINDINGS[n]) for n in range(4))])
    gold.write_text("filename,Effusion,Mass\n" + "".join(f"CXR{n},0,1\n" for n in range(4)))
    return texts, gold


def write_boxed(folder: Path) -> tuple[Path, Path]:
    """Write a picture as ChestX-ray14 has them, and a box in it, for `evaluate maps`."""
    pictures, table = folder / "boxed", folder / "boxes.csv"
    pictures.mkdir()
    write_jpeg(pictures / f"{FILE}.jpg", (make_shapes(1024, 1024) >> 4).astype("uint8"))
    line = f"{FILE}.jpg,Effusion,200.0,200.0,300.0,300.0,,,\n"
    table.write_text("Image Index,Finding Label,Bbox [x,y,w,h],,,\n" + line)
    return pictures, table


def write_broken_tables(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write data sets that end planning, each with canaries where it breaks."""
    good = {"image": f"{FILE}.jpg", "report": TEXT, "subject": PATIENT, "study": NAME, "split": "train"}
    for name, line in {
        "cut": json.dumps(good)[:-9],
        "list": json.dumps([TEXT, HEADER]),
        "kind": json.dumps(good | {"report": [TEXT]}),
        "twice": json.dumps(good) + "\n" + json.dumps(good),
        "split": json.dumps(good | {"split": report(0)}),
        "view": json.dumps(good | {"view": report(0)}),
    }.items():
        broken = folder / name
        broken.mkdir(parents=True)
        (broken / "manifest.jsonl").write_text(line + "\n")
        yield name, broken
    latin = folder / "latin"
    latin.mkdir()
    (latin / "manifest.csv").write_bytes(
        b"image,report,subject,study,split\na.jpg," + TEXT.encode() + b"\xff,p,s,train\n"
    )
    yield "latin", latin
