"""Pictures with labels and no reports, to test on: the tables of CheXpert, NIH ChestX-ray14 and RSNA pneumonia.

Column names as released: CheXpert `train.csv`/`valid.csv` (arXiv:1901.07031), `Data_Entry_2017*.csv` (Wang 2017,
arXiv:1705.02315), `stage_2_train_labels.csv` (Shih 2019, doi:10.1148/ryai.2019180041).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from examples.benchmark.cases import Cases, originals
from examples.benchmark.config import Benchmark
from examples.benchmark.sources import small_pictures
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.reports.prompts import phrasings

NIH = {
    "Atelectasis": "Atelectasis",
    "Cardiomegaly": "Cardiomegaly",
    "Consolidation": "Consolidation",
    "Edema": "Edema",
    "Effusion": "Pleural Effusion",
    "Mass": "Lung Lesion",
    "Nodule": "Lung Lesion",
    "Pneumonia": "Pneumonia",
    "Pneumothorax": "Pneumothorax",
    "No Finding": "No Finding",
}
"""ChestX-ray14's word -> CheXpert observation; its other findings have none."""

KINDS = ("chexpert", "nih", "rsna")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture of a table.

    Attributes:
        name: Its id.
        path: Its file.
        labels: CheXpert observation -> 1, 0 or -1; what is not there is not known.
        view: "AP", "PA" or "".
    """

    name: str
    path: Path
    labels: dict[str, float]
    view: str = ""


def read_table(kind: str, table: Path, whole: Benchmark) -> Cases:
    """Read the frontal pictures of a table that are on the disk; the attribute is the AP view.

    Args:
        kind: One of `KINDS`.
        table: The CSV; pictures are looked for below its folder.
        whole: Says how large pictures are.

    Raises:
        UsageError: The kind is unknown, or no picture is there.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no table of the kind {kind!r}", hint=f"known: {', '.join(KINDS)}")
    readers = {"chexpert": chexpert_rows, "nih": nih_rows, "rsna": rsna_rows}
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = [each for each in readers[kind](rows, table.parent) if each.path.is_file()]
    if not found:
        raise UsageError("none of the pictures of this table is below its folder", where=str(table))
    return originals(
        [each.name for each in found],
        small_pictures([each.path for each in found], whole),
        [""] * len(found),
        np.array([[each.labels.get(name, np.nan) for name in CHEXPERT] for each in found], np.float32),
        [each.view == "AP" for each in found],
    )


def chexpert_rows(rows: Sequence[dict[str, str]], root: Path) -> Iterator[Labelled]:
    """Yield the frontal pictures of CheXpert; its paths begin with the name of the release's folder."""
    for row in rows:
        if row["Frontal/Lateral"] == "Frontal":
            labels = {name: float(row[name]) for name in CHEXPERT if row.get(name, "").strip()}
            inside = Path(*Path(row["Path"]).parts[1:])
            yield Labelled(row["Path"], root / inside, labels, row.get("AP/PA", ""))


def nih_rows(rows: Sequence[dict[str, str]], root: Path) -> Iterator[Labelled]:
    """Yield the pictures of ChestX-ray14; what a row does not name is absent, since all were looked for."""
    files = {path.name: path for path in root.rglob("*.png")}
    for row in rows:
        said = {NIH[word] for word in row["Finding Labels"].split("|") if word in NIH}
        labels = {name: float(name in said) for name in NIH.values()}
        name = row["Image Index"]
        yield Labelled(name, files.get(name, root / name), labels, row.get("View Position", ""))


def rsna_rows(rows: Sequence[dict[str, str]], root: Path) -> Iterator[Labelled]:
    """Yield the pictures of RSNA's challenge: one patient has a row for each box, all with the same target."""
    targets = {row["patientId"]: float(row["Target"]) for row in rows}
    for name, target in targets.items():
        path = root / "stage_2_train_images" / f"{name}.dcm"
        yield Labelled(name, path, {"Lung Opacity": target, "Pneumonia": target})


_ASKED = {name: word for word, name in NIH.items()} | {"Lung Lesion": "Nodule"}


def prompts_by_name(names: Sequence[str]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return, by observation, the package's own sentences for a label, and plain denials."""
    found = {}
    for name in names:
        known = (
            phrasings(_ASKED[name]) if name in _ASKED else (f"There is {name.lower()}.", f"{name} is seen.")
        )
        found[name] = (tuple(known), (f"No {name.lower()}.", f"There is no {name.lower()}."))
    return found
