"""Small trees in the layout of NIH ChestX-ray14, made by the tests themselves: noise for pictures, made-up rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.trees import write_picture

LABELS = ("Effusion", "Effusion|Infiltration", "No Finding", "Consolidation", "Mass|Effusion", "Hernia")

HEADER_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)
HEADER_2020 = HEADER_2017.replace("Gender", "Sex").rstrip(",")


def write_nih(
    folder: Path,
    studies: int = 12,
    *,
    table: str = "Data_Entry_2017_v2020.csv",
    images: str = "images",
    labels: Mapping[str, str] | None = None,
    lists: bool = True,
    views: Sequence[str] = ("PA", "AP"),
) -> Path:
    """Write table, lists and pictures: two studies a patient, the last patient in the list of test pictures.

    Args:
        labels: Labels by image id, where they are not to be `LABELS` in turn.
        images: Folder of the pictures; "{:03d}" in it is the number of the archive, two pictures in each.
    """
    ids = [f"{1 + number // 2:08d}_{number % 2:03d}" for number in range(studies)]
    said = {image: LABELS[number % len(LABELS)] for number, image in enumerate(ids)} | dict(labels or {})
    for number, image in enumerate(ids):
        place = folder / images.format(1 + number // 2)
        place.mkdir(parents=True, exist_ok=True)
        write_picture(place / f"{image}.png", 1000 + number)
    write_table(folder / table, [(image, said[image], views[n % len(views)]) for n, image in enumerate(ids)])
    if lists:
        (folder / "train_val_list.txt").write_text("\n".join(f"{image}.png" for image in ids[:-2]))
        (folder / "test_list.txt").write_text("\r\n".join(f"{image}.png" for image in ids[-2:]) + "\r\n")
    return folder


def write_table(path: Path, rows: Sequence[tuple[str, str, str]]) -> None:
    """Write (image id, labels, view) rows as released, with the closing comma that the table of 2017 has."""
    old = "v2020" not in path.name
    end = "," if old else ""
    lines = [HEADER_2017 if old else HEADER_2020]
    for image, labels, view in rows:
        patient, follow = image.split("_")
        lines.append(
            f"{image}.png,{labels},{int(follow)},{int(patient)},50,F,{view},2500,2048,0.14,0.14{end}"
        )
    path.write_text("\n".join(lines) + "\n")
