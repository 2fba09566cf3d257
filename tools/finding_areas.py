"""Write how large findings are in a picture, by the polygons of ChestX-Det: `medcutmix_cli/attention/rules/areas.tsv`.

    python tools/finding_areas.py ../shared/data/chestx-det/ChestX_Det_train.json

One area a picture and finding: all polygons of the finding filled together (a pixel that lies in two counts once), as a
share of the whole picture of 1024 x 1024 pixels. Pictures without the finding do not count. Percentiles are over
pictures, linear between ranks.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

SIDE = 1024  # pixels of the annotated pictures
PERCENTILES = (10, 50, 90)
CLASSES = {
    "Atelectasis": "atelectasis",
    "Calcification": "granuloma",
    "Cardiomegaly": "cardiomegaly",
    "Consolidation": "consolidation",
    "Diffuse Nodule": "interstitial_disease",
    "Effusion": "pleural_effusion",
    "Emphysema": "emphysema",
    "Fibrosis": "fibrosis",
    "Fracture": "fracture",
    "Mass": "mass",
    "Nodule": "nodule",
    "Pleural Thickening": "pleural_thickening",
    "Pneumothorax": "pneumothorax",
}
"""Class of ChestX-Det -> lexicon id. Calcifications stand for granulomas, diffuse nodules for interstitial disease: the
lexicon has no nearer name."""

TABLE = Path(__file__).resolve().parents[1] / "medcutmix_cli" / "attention" / "rules" / "areas.tsv"
HEADER = f"""\
# How much of a frontal picture a finding covers: share of its {SIDE} x {SIDE} pixels,
# percentiles over pictures that show it.
# Source: ChestX-Det (GitHub Deepwise-AILab/ChestX-Det-Dataset @d82eb07), polygons of three radiologists on
# 3,025 pictures of NIH ChestX-ray14 (train part), Apache-2.0. Numbers alone; no picture, no polygon.
# Made by tools/finding_areas.py: the union of a finding's polygons in one picture is one area.
"""


def areas_by_class(pictures: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """Return the area of each class in each picture that shows it, as a share of the picture."""
    found: dict[str, list[float]] = defaultdict(list)
    for picture in pictures:
        polygons: dict[str, list[Any]] = defaultdict(list)
        for name, polygon in zip(picture["syms"], picture["polygons"], strict=True):
            polygons[name].append(polygon)
        for name, own in polygons.items():
            found[name].append(_area(own))
    return found


def _area(polygons: list[Any]) -> float:
    filled = np.zeros((SIDE, SIDE), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(filled, [np.array(polygon, np.int32)], (1,))
    return float(filled.mean())


def table(pictures: Sequence[dict[str, Any]]) -> str:
    """Return the table as text: finding, class, pictures and percentiles, by the name of the finding."""
    areas = areas_by_class(pictures)
    lines = ["\t".join(["finding", "class", "pictures", *(f"p{p}" for p in PERCENTILES)])]
    for name, finding in sorted(CLASSES.items(), key=lambda pair: pair[1]):
        shares = (f"{share:.5f}" for share in np.percentile(areas[name], PERCENTILES))
        lines.append("\t".join([finding, name, str(len(areas[name])), *shares]))
    return HEADER + "\n".join(lines) + "\n"


def main() -> None:
    """Write the table from the file that the command line names."""
    TABLE.write_text(table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
