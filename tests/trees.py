"""Small data sets on disk, made by the tests themselves: noise for pictures, plain sentences for reports."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from tests.builders import make_report

SENTENCES = (
    "There is a small right pleural effusion.",
    "A large right pleural effusion is present.",
    "Right upper lobe consolidation is present.",
    "There is a moderate right pneumothorax.",
)


def write_manifest(folder: Path, studies: int = 12, **columns: object) -> Path:
    """Write `manifest.jsonl` with one frontal JPG a study; extra columns are the same in every row."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(studies):
        write_picture(folder / f"{number}.jpg", number)
        rows.append(
            {
                "image": f"{number}.jpg",
                "report": make_report(SENTENCES[number % len(SENTENCES)], "Normal heart size."),
                "subject": f"p{number}",
                "study": f"s{number:04d}",
                "split": "train",
                "view": "PA",
                **columns,
            }
        )
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def write_picture(path: Path, seed: int, height: int = 150, width: int = 130) -> None:
    """Write a smooth random grey picture."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 226, (10, 9), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def output_bytes(run: Path) -> dict[str, bytes]:
    """Return what must be the same whenever the same run is made: plan, shards, failure lists, data card."""
    paths = [*run.glob("*.parquet"), run / "README.md", *run.glob("data/*"), *run.glob("failures/*")]
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(paths)}
